"""Routes of the product. The names are what templates and tests use."""

app_name = "medialib"
urlpatterns: list = []
