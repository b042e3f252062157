from django.core.management import call_command
from django.db import DatabaseError, migrations, transaction

from medialib.models.audit import append_only
from medialib.models.audit import index as audit_index
from medialib.models.query import search

CACHE = "medialib_cache"
NO_TRIGRAMS = (
    "Searching needs PostgreSQL's extension pg_trgm, which could not be added to this database. "
    "Install PostgreSQL's contrib package and, as a superuser or the database's owner, run “CREATE EXTENSION pg_trgm” "
    "in it; then migrate again."
)
# search_text holds whatever search_name does, so one index of runs of three letters serves both.
POSTGRESQL_INDEXES = {
    "asset_text": "(search_text gin_trgm_ops)",
    "asset_tags": "(tags jsonb_path_ops)",
    "asset_ai_tags": "(ai_tags jsonb_path_ops)",
    "asset_metadata": "(custom_metadata)",
}


def install_triggers(apps, schema_editor):
    append_only.install(schema_editor.connection)


def remove_triggers(apps, schema_editor):
    append_only.remove(schema_editor.connection)


def install_library_search(apps, schema_editor):
    connection = schema_editor.connection
    if connection.vendor == "sqlite":
        search.install(connection)
        return
    try:
        with transaction.atomic(using=connection.alias):
            schema_editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DatabaseError as error:
        raise SystemExit(NO_TRIGRAMS) from error
    for name, columns in POSTGRESQL_INDEXES.items():
        # A search reads what is pending too, so that list is kept short; without one a sync takes twice as long.
        options = "WITH (gin_pending_list_limit = 1024)"
        schema_editor.execute(f"CREATE INDEX {name} ON medialib_asset USING gin {columns} {options}")


def remove_library_search(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        search.remove(schema_editor.connection)
        return
    for name in POSTGRESQL_INDEXES:
        schema_editor.execute(f"DROP INDEX IF EXISTS {name}")


def install_audit_search(apps, schema_editor):
    audit_index.install(schema_editor.connection)


def remove_audit_search(apps, schema_editor):
    audit_index.remove(schema_editor.connection)


def make_cache(apps, schema_editor):
    call_command("createcachetable", CACHE, database=schema_editor.connection.alias, verbosity=0)


def remove_cache(apps, schema_editor):
    schema_editor.execute(f"DROP TABLE {schema_editor.quote_name(CACHE)}")


class Migration(migrations.Migration):
    """What models cannot say: triggers against changes, indexes for parts of texts, and the table of the shared cache."""

    dependencies = [("medialib", "0001_initial")]

    operations = [
        # The database itself refuses to change or remove an audit event or a frozen file, whoever asks.
        migrations.RunPython(install_triggers, remove_triggers),
        # Parts of paths, tags and custom fields: without these each search reads the whole library, or the whole log.
        migrations.RunPython(install_library_search, remove_library_search),
        migrations.RunPython(install_audit_search, remove_audit_search),
        # Failed sign-ins are counted here, because all web processes must count together.
        migrations.RunPython(make_cache, remove_cache),
    ]
