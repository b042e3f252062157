"""The way in, on django-allauth: who is let in, second factors, asking again before what cannot be undone."""
