from django.db import DatabaseError, migrations, transaction

from medialib.models import asset_search

NOT_ALLOWED = (
    "Searching needs PostgreSQL's extension pg_trgm, which could not be added to this database. "
    "Install PostgreSQL's contrib package and, as a superuser or the database's owner, run “CREATE EXTENSION pg_trgm” "
    "in it; then migrate again."
)
# search_text holds whatever search_name does, so one index of runs of three letters serves both.
INDEXES = {
    "asset_text": "(search_text gin_trgm_ops)",
    "asset_tags": "(tags jsonb_path_ops)",
    "asset_metadata": "(custom_metadata)",
}


def install(apps, schema_editor):
    connection = schema_editor.connection
    if connection.vendor == "sqlite":
        asset_search.install(connection)
        return
    try:
        with transaction.atomic(using=connection.alias):
            schema_editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DatabaseError as error:
        raise SystemExit(NOT_ALLOWED) from error
    for name, columns in INDEXES.items():
        # A search reads what is pending too, so that list is kept short; without one a sync takes twice as long.
        options = "WITH (gin_pending_list_limit = 1024)"
        schema_editor.execute(f"CREATE INDEX {name} ON medialib_asset USING gin {columns} {options}")


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        asset_search.remove(schema_editor.connection)
        return
    for name in INDEXES:
        schema_editor.execute(f"DROP INDEX IF EXISTS {name}")


class Migration(migrations.Migration):
    """Parts of paths, tags and custom fields are found by indexes: without them each search reads the whole library."""

    dependencies = [("medialib", "0022_asset_filters")]

    operations = [migrations.RunPython(install, remove)]
