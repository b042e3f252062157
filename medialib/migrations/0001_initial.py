import uuid

import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

import medialib.models.audit.index
import medialib.models.query.folding
import medialib.models.sql


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='Account',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.SlugField(max_length=60, unique=True, verbose_name='name')),
                ('colour', models.CharField(choices=[('teal', 'Teal'), ('blue', 'Blue'), ('violet', 'Violet'), ('pink', 'Pink'), ('orange', 'Orange'), ('amber', 'Amber'), ('green', 'Green'), ('slate', 'Slate')], default='teal', max_length=10, verbose_name='colour')),
                ('url_endpoint', models.URLField(help_text='Where files are delivered, e.g. https://ik.imagekit.io/acme', max_length=300, verbose_name='URL endpoint')),
                ('api_url', models.URLField(default='https://api.imagekit.io', max_length=300, verbose_name='API address')),
                ('upload_url', models.URLField(default='https://upload.imagekit.io', max_length=300, verbose_name='upload address')),
                ('other_endpoints', models.TextField(blank=True, help_text='Other addresses that deliver its files, one a line: own domains, further endpoints.', verbose_name='other endpoints')),
                ('headroom_percent', models.PositiveSmallIntegerField(blank=True, help_text="Share of ImageKit's limit left to your own production; empty: the default.", null=True, verbose_name='headroom (%)')),
                ('undo_window_s', models.PositiveIntegerField(blank=True, help_text='How long a confirmed job waits; empty: the longer the more is at stake.', null=True, verbose_name='undo window (seconds)')),
                ('protected_folders', models.TextField(blank=True, help_text='One folder a line. Files in or below them are skipped by every deletion.', verbose_name='protected folders')),
                ('limit_files', models.PositiveIntegerField(default=1000, help_text='More asks for the number of files, typed by hand.', verbose_name='number to be typed above (files)')),
                ('limit_percent', models.PositiveSmallIntegerField(default=5, help_text='The same, as a share of the library.', verbose_name='number to be typed above (% of the library)')),
                ('approval_files', models.PositiveIntegerField(blank=True, help_text='So many files or more need the approval of another person; empty: none do.', null=True, verbose_name='approval from (files)')),
                ('looks_before_delete', models.BooleanField(default=True, help_text='Read the files at ImageKit right before they are deleted, and skip what changed.', verbose_name='looks before each call')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
            ],
            options={
                'verbose_name': 'account',
                'verbose_name_plural': 'accounts',
                'ordering': ['name'],
                'permissions': [('view_library', 'Can browse the library'), ('delete_files', 'Can delete files at ImageKit'), ('delete_whole_library', 'Can delete a whole library'), ('approve_deletions', 'Can approve what others want to delete'), ('view_audit', 'Can read the audit log'), ('manage_keys', 'Can add and change accounts and their keys')],
            },
        ),
        migrations.CreateModel(
            name='ApiKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('read_write', 'read and write'), ('read_only', 'read only')], default='read_write', max_length=10, verbose_name='kind')),
                ('label', models.CharField(blank=True, max_length=80, verbose_name='label')),
                ('ciphertext', models.TextField(editable=False)),
                ('last_four', models.CharField(editable=False, max_length=4, verbose_name='last four characters')),
                ('added_at', models.DateTimeField(auto_now_add=True, verbose_name='added')),
                ('last_used_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='last used')),
                ('expires_at', models.DateTimeField(blank=True, help_text='When ImageKit stops accepting it, as you set it there.', null=True, verbose_name='expires')),
                ('retired_at', models.DateTimeField(blank=True, editable=False, help_text='From then on it is not used, and its secret is erased.', null=True, verbose_name='retired')),
                ('checked_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='tested')),
                ('may_write', models.BooleanField(editable=False, help_text='What the last test showed.', null=True, verbose_name='may delete')),
            ],
            options={
                'verbose_name': 'API key',
                'verbose_name_plural': 'API keys',
                'ordering': ['-added_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='Asset',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file_id', models.CharField(max_length=64)),
                ('name', medialib.models.sql.BinaryTextField()),
                ('path', medialib.models.sql.BinaryTextField(help_text='Folder and name, with a leading slash.')),
                ('folder', medialib.models.sql.BinaryTextField(help_text='Leading slash, no trailing one; the root is “/”.')),
                ('search_text', medialib.models.query.folding.FoldedPathField(default='', editable=False)),
                ('search_name', medialib.models.query.folding.FoldedNameField(default='', editable=False)),
                ('kind', models.CharField(choices=[('image', 'Image'), ('video', 'Video'), ('audio', 'Audio'), ('document', 'Document'), ('other', 'Other')], max_length=10)),
                ('format', models.CharField(blank=True, help_text='File extension in lower case, without the dot.', max_length=16)),
                ('mime', models.CharField(blank=True, max_length=120)),
                ('size_bytes', models.BigIntegerField()),
                ('width', models.PositiveIntegerField(null=True)),
                ('height', models.PositiveIntegerField(null=True)),
                ('tags', models.JSONField(default=list)),
                ('ai_tags', models.JSONField(default=list, help_text="Names of the tags that ImageKit's extensions gave.")),
                ('custom_metadata', models.JSONField(default=dict)),
                ('is_private', models.BooleanField(default=False)),
                ('is_published', models.BooleanField(default=True)),
                ('version_name', models.CharField(blank=True, max_length=40)),
                ('version_id', models.CharField(blank=True, help_text='Empty where it is the id of the file.', max_length=64)),
                ('url', models.TextField(blank=True)),
                ('thumbnail_url', models.TextField(blank=True)),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('removed_at', models.DateTimeField(help_text='When we learned that the file is gone; empty while it is there.', null=True)),
                ('removal', models.CharField(blank=True, choices=[('missing', 'no longer listed by ImageKit'), ('deleted', 'deleted by a medialib job')], max_length=10)),
            ],
            options={
                'verbose_name': 'asset',
                'verbose_name_plural': 'assets',
            },
        ),
        migrations.CreateModel(
            name='AuditCursor',
            fields=[
                ('name', models.CharField(max_length=40, primary_key=True, serialize=False)),
                ('event_id', models.BigIntegerField(default=0, help_text='The last event that it is done with.')),
                ('lease_owner', models.CharField(blank=True, max_length=80)),
                ('lease_until', models.DateTimeField(null=True)),
                ('failures', models.PositiveIntegerField(default=0, help_text='Attempts in a row that failed.')),
                ('error', models.CharField(blank=True, max_length=200)),
            ],
            options={
                'verbose_name': 'audit cursor',
                'verbose_name_plural': 'audit cursors',
            },
        ),
        migrations.CreateModel(
            name='AuditDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('account_id', models.BigIntegerField(null=True)),
                ('account_name', models.CharField(blank=True, max_length=60)),
                ('actor_name', models.CharField(blank=True, max_length=150)),
                ('outcome', models.CharField(max_length=12)),
                ('files', models.PositiveIntegerField(default=0)),
                ('size_bytes', models.BigIntegerField(default=0)),
            ],
            options={
                'verbose_name': 'audit day',
                'verbose_name_plural': 'audit days',
            },
        ),
        migrations.CreateModel(
            name='AuditEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('time', models.DateTimeField(verbose_name='time')),
                ('event', models.CharField(choices=[('file.settled', 'file settled'), ('file.unverified', 'answer lost, file unverified'), ('file.gone', 'file deleted at ImageKit, not by medialib'), ('batch.sent', 'call about to be sent'), ('batch.held', 'call held back, not sent'), ('manifest.frozen', 'files frozen'), ('job.confirmed', 'deletion confirmed'), ('job.approved', 'job approved by another person'), ('job.rejected', 'job rejected'), ('job.started', 'job started'), ('job.paused', 'job paused'), ('job.resumed', 'job resumed'), ('job.speed', 'job speed changed'), ('job.undone', 'job undone before it started'), ('job.cancelled', 'job cancelled'), ('job.verify', 'unverified files looked up again'), ('job.taken_over', 'job taken over by another person'), ('job.finished', 'job finished'), ('purge.requested', 'CDN purge requested'), ('sync.removals_accepted', 'many files accepted as gone from ImageKit'), ('account.added', 'account added'), ('account.changed', 'account changed'), ('key.added', 'key added'), ('key.checked', 'key tested'), ('key.retired', 'key retired'), ('key.reencrypted', 'stored keys encrypted anew'), ('key.first_used', 'key used for the first time'), ('protection.added', 'protection rule added'), ('protection.lifted', 'protection rule lifted'), ('audit.exported', 'audit log exported'), ('audit.pruned', 'old audit events archived and removed'), ('audit.key_changed', 'key that signs the audit log changed'), ('audit.restored', 'audit log went on after a restored backup'), ('person.added', 'person added'), ('person.changed', 'person or their rights changed'), ('person.removed', 'person removed'), ('group.changed', 'group or its rights changed'), ('settings.weak', 'started with settings that weaken safety'), ('person.signed_in', 'signed in'), ('person.sign_in_failed', 'sign-in failed'), ('person.signed_out', 'signed out')], max_length=30, verbose_name='event')),
                ('actor_name', models.CharField(blank=True, max_length=150, verbose_name='actor (name)')),
                ('address', models.CharField(blank=True, help_text='Network address that the request came from.', max_length=64, verbose_name='network address')),
                ('request_id', models.CharField(blank=True, help_text="ImageKit's id of the call, where there was one.", max_length=100, verbose_name="ImageKit's request id")),
                ('session', models.CharField(blank=True, db_default='', default='', help_text="Fingerprint of the person's session.", max_length=16, verbose_name='session')),
                ('web_request', models.CharField(blank=True, db_default='', default='', help_text="medialib's own id of the page request.", max_length=36, verbose_name='page request')),
                ('account_name', models.CharField(blank=True, max_length=60, verbose_name='account (name)')),
                ('file_id', models.CharField(blank=True, max_length=64, verbose_name='file id')),
                ('file_path', models.TextField(blank=True, verbose_name='path')),
                ('size_bytes', models.BigIntegerField(null=True, verbose_name='size (bytes)')),
                ('outcome', models.CharField(blank=True, choices=[('deleted', 'deleted'), ('already_gone', 'already gone'), ('skipped', 'skipped'), ('failed', 'failed'), ('cancelled', 'cancelled'), ('unverified', 'unverified')], max_length=12, verbose_name='outcome')),
                ('evidence', models.TextField(blank=True, verbose_name='evidence')),
                ('http_status', models.PositiveSmallIntegerField(null=True, verbose_name='HTTP status')),
                ('reason', models.TextField(blank=True, verbose_name='reason')),
                ('detail', models.JSONField(default=dict, verbose_name='detail')),
            ],
            options={
                'verbose_name': 'audit event',
                'verbose_name_plural': 'audit events',
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='AuditPath',
            fields=[
                ('event_id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('folded', medialib.models.audit.index.FoldedTextField()),
            ],
            options={
                'verbose_name': 'audit path',
                'verbose_name_plural': 'audit paths',
            },
        ),
        migrations.CreateModel(
            name='AuditSegment',
            fields=[
                ('number', models.BigIntegerField(primary_key=True, serialize=False)),
                ('first_position', models.BigIntegerField(help_text='Place of its first event in the chain, from 1, without gaps.')),
                ('event_count', models.PositiveIntegerField()),
                ('first_id', models.BigIntegerField(unique=True)),
                ('last_id', models.BigIntegerField(unique=True)),
                ('first_time', models.DateTimeField(help_text='The earliest time of its events.')),
                ('last_time', models.DateTimeField(help_text='The latest time of its events.')),
                ('previous', models.CharField(help_text='Hash of the segment before.', max_length=64, unique=True)),
                ('hash', models.CharField(max_length=64)),
                ('header', models.TextField()),
                ('signature', models.CharField(max_length=128)),
                ('leaves', models.BinaryField(help_text="The events' leaf hashes, 32 bytes each: they tell which event was changed.")),
            ],
            options={
                'verbose_name': 'audit segment',
                'verbose_name_plural': 'audit segments',
                'ordering': ['number'],
            },
        ),
        migrations.CreateModel(
            name='Batch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('first_position', models.PositiveIntegerField()),
                ('last_position', models.PositiveIntegerField()),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('sent', 'sent, answer not recorded'), ('look_up', 'answer lost, to be looked up'), ('verify', 'to be looked up, never sent again'), ('settled', 'Settled')], default='waiting', max_length=8)),
                ('lease_owner', models.CharField(blank=True, max_length=80)),
                ('lease_until', models.DateTimeField(null=True)),
                ('fence', models.PositiveIntegerField(default=0, help_text='Grows with each claim; a write with an older one is refused.')),
                ('attempts', models.PositiveSmallIntegerField(default=0, help_text='Delete calls sent for it.')),
                ('lost_answers', models.PositiveSmallIntegerField(default=0, help_text='Delete calls whose answer was lost.')),
                ('look_ups', models.PositiveSmallIntegerField(default=0, help_text='Look-ups that failed in a row.')),
                ('not_before', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'batch',
                'verbose_name_plural': 'batches',
                'ordering': ['number'],
            },
        ),
        migrations.CreateModel(
            name='DeletionJob',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('requested_by_name', models.CharField(max_length=150, verbose_name='requested by (name)')),
                ('is_by_person', models.BooleanField(default=False, help_text='Asked for by a person, whose rights count to its end.', verbose_name='by a person')),
                ('reason', models.TextField(verbose_name='reason')),
                ('needs_approval', models.BooleanField(default=False, help_text='Nothing is sent before another person approved it.', verbose_name='needs approval')),
                ('approved_by_name', models.CharField(blank=True, max_length=150, verbose_name='approved by (name)')),
                ('approved_at', models.DateTimeField(null=True, verbose_name='approved')),
                ('purge_cache', models.BooleanField(default=False, verbose_name='purge the CDN')),
                ('state', models.CharField(choices=[('scheduled', 'waiting to start'), ('running', 'running'), ('paused', 'paused'), ('cancelling', 'cancelling'), ('finished', 'finished')], default='scheduled', max_length=10, verbose_name='state')),
                ('pause_code', models.CharField(blank=True, choices=[('person', 'somebody paused it'), ('key_refused', "ImageKit refused the account's key"), ('no_key', 'the account has no usable key'), ('requester', 'the person who asked for it may no longer delete'), ('approver', 'the person who approved it may no longer approve'), ('manifest_changed', 'the frozen list is not the one that was confirmed'), ('breaker', 'too much went wrong')], max_length=16, verbose_name='kind of pause')),
                ('pause_cause', models.TextField(blank=True, help_text='Why it is paused, in words for a person.', verbose_name='cause of the pause')),
                ('speed_percent', models.PositiveSmallIntegerField(default=100, help_text="Share of the account's allowance it may use.", verbose_name='speed (%)')),
                ('created_at', models.DateTimeField(verbose_name='created')),
                ('starts_at', models.DateTimeField(help_text='Until then nothing is sent and undo is complete.', verbose_name='starts')),
                ('started_at', models.DateTimeField(null=True, verbose_name='started')),
                ('finished_at', models.DateTimeField(null=True, verbose_name='finished')),
                ('file_count', models.PositiveIntegerField(verbose_name='files')),
                ('deleted', models.PositiveIntegerField(default=0, verbose_name='deleted')),
                ('already_gone', models.PositiveIntegerField(default=0, verbose_name='already gone')),
                ('skipped', models.PositiveIntegerField(default=0, verbose_name='skipped')),
                ('failed', models.PositiveIntegerField(default=0, verbose_name='failed')),
                ('cancelled', models.PositiveIntegerField(default=0, verbose_name='cancelled')),
                ('unverified', models.PositiveIntegerField(default=0, verbose_name='unverified')),
                ('deleted_bytes', models.BigIntegerField(default=0, verbose_name='deleted (bytes)')),
                ('calls', models.PositiveIntegerField(default=0, help_text='Delete calls sent.', verbose_name='calls sent')),
                ('refused_calls', models.PositiveIntegerField(default=0, help_text='Calls that ImageKit answered with 429.', verbose_name='refused calls')),
                ('wait_until', models.DateTimeField(null=True, verbose_name='waits until')),
                ('wait_cause', models.CharField(blank=True, max_length=200, verbose_name='cause of the wait')),
                ('last_error', models.CharField(blank=True, max_length=200, verbose_name='last error')),
                ('same_errors', models.PositiveSmallIntegerField(default=0, help_text='Identical unexpected errors in a row.', verbose_name='same errors in a row')),
                ('breaker_from', models.PositiveIntegerField(default=0, help_text='Files settled when somebody last resumed.', verbose_name='settled at the last resume')),
                ('breaker_failed', models.PositiveIntegerField(default=0, help_text='Failures among those.', verbose_name='failed since then')),
                ('woken_at', models.DateTimeField(help_text='When a worker was last asked to take it up.', null=True, verbose_name='worker last asked')),
            ],
            options={
                'verbose_name': 'deletion job',
                'verbose_name_plural': 'deletion jobs',
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='Exchange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('delete', 'delete'), ('look_up', 'look-up'), ('look', 'look')], max_length=8)),
                ('attempt', models.PositiveSmallIntegerField()),
                ('worker', models.CharField(max_length=80)),
                ('file_count', models.PositiveSmallIntegerField()),
                ('sent_at', models.DateTimeField()),
                ('answered_at', models.DateTimeField(null=True)),
                ('http_status', models.PositiveSmallIntegerField(null=True)),
                ('request_id', models.CharField(blank=True, max_length=100)),
                ('ended', models.CharField(choices=[('answered', 'answered as documented'), ('refused', 'refused: nothing was done'), ('waited', 'told to wait'), ('lost', 'no usable answer'), ('look_up_failed', 'a look or look-up that found nothing out')], max_length=16)),
                ('result', models.CharField(help_text='What it meant, in a few words.', max_length=200)),
                ('errors', models.JSONField(default=dict, help_text="ImageKit's error text by file id, from a 207.")),
                ('gone_count', models.PositiveSmallIntegerField(help_text='Files that a look-up found gone.', null=True)),
            ],
            options={
                'verbose_name': 'exchange',
                'verbose_name_plural': 'exchanges',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='FolderTotal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('folder', models.TextField()),
                ('parent_key', models.CharField(help_text='Of the folder above; see parent_key_of.', max_length=32)),
                ('file_count', models.PositiveIntegerField(help_text='In the folder itself.')),
                ('total_bytes', models.BigIntegerField()),
                ('deep_count', models.PositiveIntegerField(help_text='In it and below it.')),
                ('deep_bytes', models.BigIntegerField()),
                ('child_count', models.PositiveIntegerField()),
            ],
            options={
                'verbose_name': 'folder total',
                'verbose_name_plural': 'folder totals',
            },
        ),
        migrations.CreateModel(
            name='Item',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveIntegerField(help_text='From 0, in the order of file ids. Batch n holds 100n to 100n+99.')),
                ('file_id', models.CharField(max_length=64)),
                ('path', models.TextField(blank=True)),
                ('size_bytes', models.BigIntegerField()),
                ('file_updated_at', models.DateTimeField(null=True)),
                ('version_name', models.CharField(blank=True, default='', max_length=40)),
                ('outcome', models.CharField(blank=True, choices=[('deleted', 'deleted'), ('already_gone', 'already gone'), ('skipped', 'skipped'), ('failed', 'failed'), ('cancelled', 'cancelled'), ('unverified', 'unverified')], default='', max_length=12)),
                ('evidence', models.TextField(blank=True, default='')),
                ('skip_cause', models.CharField(blank=True, choices=[('protected', 'protected by a rule'), ('outside', 'outside the folders of the person who asked'), ('changed', 'changed since it was frozen')], default='', max_length=9)),
                ('http_status', models.PositiveSmallIntegerField(null=True)),
                ('settled_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'item',
                'verbose_name_plural': 'items',
            },
        ),
        migrations.CreateModel(
            name='ListImport',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('made_at', models.DateTimeField(auto_now_add=True)),
                ('line_count', models.PositiveIntegerField(help_text='Lines that hold something, whether matched already or not.')),
                ('matched', models.PositiveIntegerField(default=0)),
                ('repeated', models.PositiveIntegerField(default=0)),
                ('not_found', models.PositiveIntegerField(default=0)),
                ('ambiguous', models.PositiveIntegerField(default=0)),
                ('left_out', models.PositiveIntegerField(default=0, help_text='Lines that were not looked at: a person stopped it.')),
                ('problems', models.JSONField(default=list, help_text='The first lines that did not match.')),
                ('is_guessed', models.BooleanField(default=False, help_text='Whether it was read as Windows-1252 for want of UTF-8.')),
            ],
            options={
                'verbose_name': 'list import',
                'verbose_name_plural': 'list imports',
            },
        ),
        migrations.CreateModel(
            name='ListPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('lines', models.BinaryField(help_text='As long as they are not matched: JSON, compressed by zlib.', null=True)),
                ('report', models.BinaryField(help_text='Each line and what became of it, as CSV, compressed by gzip.', null=True)),
                ('matched_rows', models.BinaryField(default=bytes, help_text='Rows of the files that it selected, 8 bytes each.')),
            ],
            options={
                'verbose_name': 'list part',
                'verbose_name_plural': 'list parts',
            },
        ),
        migrations.CreateModel(
            name='ListPreferences',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('choices', models.JSONField(default=dict)),
            ],
            options={
                'verbose_name': 'list preferences',
                'verbose_name_plural': 'list preferences',
            },
        ),
        migrations.CreateModel(
            name='Manifest',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('frozen_by_name', models.CharField(max_length=150)),
                ('frozen_at', models.DateTimeField()),
                ('sha256', models.CharField(max_length=64)),
                ('file_count', models.PositiveIntegerField()),
                ('total_bytes', models.BigIntegerField()),
                ('library_count', models.PositiveIntegerField(help_text="Files in the account's index when it was frozen.")),
                ('source', models.JSONField(default=dict, help_text='Where the files came from: ticks, a filter, a list of ids, a job.')),
            ],
            options={
                'verbose_name': 'manifest',
                'verbose_name_plural': 'manifests',
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('may_delete', models.BooleanField(default=False, help_text='Counts only together with the right to delete files (group Deleter).', verbose_name='may delete')),
                ('delete_paths', models.TextField(blank=True, help_text='One folder a line, such as /campaigns/*. Empty: the whole account.', verbose_name='only in folders')),
                ('daily_files', models.PositiveIntegerField(blank=True, help_text='How many may be deleted at most; empty: any number.', null=True, verbose_name='files in 24 hours')),
                ('daily_bytes', models.PositiveBigIntegerField(blank=True, help_text='The same, as the size of the current versions.', null=True, verbose_name='bytes in 24 hours')),
                ('daily_percent', models.PositiveSmallIntegerField(blank=True, help_text='The same, as a share of the library.', null=True, verbose_name='% of the library in 24 hours')),
                ('added_at', models.DateTimeField(auto_now_add=True, verbose_name='added')),
            ],
            options={
                'verbose_name': 'membership',
                'verbose_name_plural': 'memberships',
                'ordering': ['account__name', 'user__username'],
            },
        ),
        migrations.CreateModel(
            name='Pace',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('delete', 'Delete'), ('read', 'Read'), ('look', 'Look'), ('purge', 'Purge')], max_length=6)),
                ('limit', models.FloatField(help_text='Calls that ImageKit allows in one interval.')),
                ('interval_ms', models.PositiveIntegerField()),
                ('is_learned', models.BooleanField(default=False, help_text="Told by ImageKit's headers, not our default.")),
                ('ceiling', models.FloatField(help_text='Calls in one interval that were refused without a stated limit.', null=True)),
                ('is_spread', models.BooleanField(default=False, help_text='Calls keep an even distance: bursts were refused.')),
                ('blocked_until', models.DateTimeField(null=True)),
                ('refusals', models.PositiveSmallIntegerField(default=0, help_text='Answers of 429 in a row.')),
                ('recent', models.JSONField(default=list, help_text='Times of the latest calls, in seconds since 1970.')),
                ('changed_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'pace',
                'verbose_name_plural': 'paces',
            },
        ),
        migrations.CreateModel(
            name='ProtectedFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file_id', models.CharField(max_length=64)),
            ],
            options={
                'verbose_name': 'protected file',
                'verbose_name_plural': 'protected files',
            },
        ),
        migrations.CreateModel(
            name='ProtectionRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('folder', 'folder'), ('pattern', 'path pattern'), ('tag', 'tag'), ('younger', 'younger than'), ('larger', 'larger than'), ('metadata', 'custom metadata'), ('files', 'hold on a list of files'), ('view', 'hold on a saved view')], max_length=8)),
                ('value', models.TextField(blank=True, help_text="Folder, pattern, tag, age (30d), bytes, NAME=VALUE or a view's name.")),
                ('filter', models.JSONField(blank=True, default=dict, help_text='Of a hold on a view: what it meant when it was set.')),
                ('reason', models.TextField()),
                ('added_by_name', models.CharField(max_length=150)),
                ('added_at', models.DateTimeField()),
                ('until', models.DateTimeField(blank=True, help_text='From then on it no longer counts; empty: no end.', null=True)),
                ('lifted_at', models.DateTimeField(null=True)),
                ('lifted_by_name', models.CharField(blank=True, max_length=150)),
                ('lift_reason', models.TextField(blank=True)),
            ],
            options={
                'verbose_name': 'protection rule',
                'verbose_name_plural': 'protection rules',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='PurgeRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('url', models.TextField()),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('requested', 'Requested'), ('completed', 'Completed'), ('failed', 'Failed')], default='waiting', max_length=10)),
                ('request_id', models.CharField(blank=True, max_length=100)),
                ('requested_at', models.DateTimeField(null=True)),
                ('error', models.TextField(blank=True)),
            ],
            options={
                'verbose_name': 'purge request',
                'verbose_name_plural': 'purge requests',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80)),
                ('filter', models.JSONField(help_text='As AssetFilter.as_json writes it; never empty.')),
                ('sort', models.CharField(max_length=20)),
                ('is_shared', models.BooleanField(default=False)),
                ('saved_at', models.DateTimeField(auto_now=True)),
            ],
            options={
                'verbose_name': 'saved view',
                'verbose_name_plural': 'saved views',
            },
        ),
        migrations.CreateModel(
            name='Selection',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('touched_at', models.DateTimeField(auto_now=True)),
                ('filters', models.JSONField(default=list, help_text='Filters whose matches were taken as a whole.')),
                ('taken', models.JSONField(blank=True, default=dict, help_text='The latest of them: when, how many files and bytes, the mark of the set.')),
            ],
            options={
                'verbose_name': 'selection',
                'verbose_name_plural': 'selections',
            },
        ),
        migrations.CreateModel(
            name='SelectionItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_from_all', models.BooleanField(default=False, help_text='Taken with “all matching”.')),
                ('is_excluded', models.BooleanField(default=False, help_text='Taken with “all matching”, then unticked by hand.')),
            ],
            options={
                'verbose_name': 'selection item',
                'verbose_name_plural': 'selection items',
            },
        ),
        migrations.CreateModel(
            name='SyncRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('full', 'full'), ('incremental', 'incremental')], default='full', max_length=11, verbose_name='kind')),
                ('since', models.DateTimeField(help_text='An incremental run lists what changed at or after this time.', null=True, verbose_name='changes since')),
                ('place', models.JSONField(default=dict, help_text='What is left to list, for whoever takes the run up again.', verbose_name='what is left to list')),
                ('state', models.CharField(choices=[('running', 'running'), ('complete', 'complete'), ('failed', 'failed')], default='running', max_length=10, verbose_name='state')),
                ('started_at', models.DateTimeField(verbose_name='started')),
                ('finished_at', models.DateTimeField(null=True, verbose_name='finished')),
                ('heartbeat_at', models.DateTimeField(null=True, verbose_name='last heard of')),
                ('seen', models.PositiveIntegerField(default=0, verbose_name='seen')),
                ('added', models.PositiveIntegerField(default=0, verbose_name='added')),
                ('changed', models.PositiveIntegerField(default=0, verbose_name='changed')),
                ('came_back', models.PositiveIntegerField(default=0, verbose_name='came back')),
                ('removed', models.PositiveIntegerField(default=0, verbose_name='removed')),
                ('withheld', models.PositiveIntegerField(help_text='Files that the list no longer showed and that were too many to be marked as gone unasked.', null=True, verbose_name='withheld')),
                ('accepted_at', models.DateTimeField(help_text='When a person said that these files are gone.', null=True, verbose_name='removals accepted')),
                ('left_out', models.JSONField(default=list, help_text='Ids of files whose paths are longer than this database can index.', verbose_name='left out')),
                ('error', models.TextField(blank=True, verbose_name='error')),
            ],
            options={
                'verbose_name': 'sync',
                'verbose_name_plural': 'syncs',
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='WebhookReceipt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event_id', models.CharField(max_length=200)),
                ('received_at', models.DateTimeField(db_index=True)),
            ],
            options={
                'verbose_name': 'webhook receipt',
                'verbose_name_plural': 'webhook receipts',
            },
        ),
        migrations.CreateModel(
            name='Worker',
            fields=[
                ('id', models.CharField(max_length=80, primary_key=True, serialize=False)),
                ('engine', models.CharField(max_length=80)),
                ('started_at', models.DateTimeField()),
                ('seen_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'worker',
                'verbose_name_plural': 'workers',
            },
        ),
        migrations.CreateModel(
            name='LibrarySummary',
            fields=[
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='summary', serialize=False, to='medialib.account')),
                ('built_at', models.DateTimeField()),
                ('is_stale', models.BooleanField(default=False, help_text='Files came, changed or went since.')),
                ('file_count', models.PositiveIntegerField()),
                ('total_bytes', models.BigIntegerField()),
                ('facts', models.JSONField(default=dict)),
            ],
            options={
                'verbose_name': 'library summary',
                'verbose_name_plural': 'library summaries',
            },
        ),
        migrations.CreateModel(
            name='WebhookSecret',
            fields=[
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='webhook_secret', serialize=False, to='medialib.account')),
                ('ciphertext', models.TextField(editable=False)),
                ('set_at', models.DateTimeField(auto_now=True)),
            ],
            options={
                'verbose_name': 'webhook secret',
                'verbose_name_plural': 'webhook secrets',
            },
        ),
        migrations.AddConstraint(
            model_name='account',
            constraint=models.CheckConstraint(condition=models.Q(('headroom_percent__isnull', True), ('headroom_percent__lte', 95), _connector='OR'), name='account_headroom_leaves_something'),
        ),
        migrations.AddField(
            model_name='apikey',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='api_keys', to='medialib.account', verbose_name='account'),
        ),
        migrations.AddField(
            model_name='apikey',
            name='added_by',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='added by'),
        ),
        migrations.AddField(
            model_name='asset',
            name='account',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='assets', to='medialib.account'),
        ),
        migrations.AddConstraint(
            model_name='auditday',
            constraint=models.UniqueConstraint(fields=('day', 'account_name', 'actor_name', 'outcome'), name='audit_day_once'),
        ),
        migrations.AddField(
            model_name='auditevent',
            name='account',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='medialib.account', verbose_name='account'),
        ),
        migrations.AddField(
            model_name='auditevent',
            name='actor',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='actor'),
        ),
        migrations.AddIndex(
            model_name='auditsegment',
            index=models.Index(fields=['first_time', 'last_id'], name='audit_segment_begins'),
        ),
        migrations.AddIndex(
            model_name='auditsegment',
            index=models.Index(fields=['last_time', 'first_id'], name='audit_segment_ends'),
        ),
        migrations.AddConstraint(
            model_name='auditsegment',
            constraint=models.CheckConstraint(condition=models.Q(('event_count__gte', 1), ('last_id__gte', models.F('first_id'))), name='audit_segment_holds_events'),
        ),
        migrations.AddField(
            model_name='deletionjob',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='jobs', to='medialib.account', verbose_name='account'),
        ),
        migrations.AddField(
            model_name='deletionjob',
            name='approved_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='approved by'),
        ),
        migrations.AddField(
            model_name='deletionjob',
            name='requested_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='jobs', to=settings.AUTH_USER_MODEL, verbose_name='requested by'),
        ),
        migrations.AddField(
            model_name='deletionjob',
            name='retry_of',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='retries', to='medialib.deletionjob', verbose_name='retry of'),
        ),
        migrations.AddField(
            model_name='batch',
            name='job',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='batches', to='medialib.deletionjob'),
        ),
        migrations.AddField(
            model_name='auditevent',
            name='job',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='medialib.deletionjob', verbose_name='job'),
        ),
        migrations.AddField(
            model_name='exchange',
            name='batch',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='exchanges', to='medialib.batch'),
        ),
        migrations.AddField(
            model_name='foldertotal',
            name='account',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='folder_totals', to='medialib.account'),
        ),
        migrations.AddField(
            model_name='item',
            name='exchange',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='items', to='medialib.exchange'),
        ),
        migrations.AddField(
            model_name='listimport',
            name='account',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='medialib.account'),
        ),
        migrations.AddField(
            model_name='listimport',
            name='owner',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='listpart',
            name='whole',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='medialib.listimport'),
        ),
        migrations.AddField(
            model_name='listpreferences',
            name='owner',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='list_preferences', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='manifest',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='manifests', to='medialib.account'),
        ),
        migrations.AddField(
            model_name='manifest',
            name='frozen_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='manifests', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='item',
            name='manifest',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='medialib.manifest'),
        ),
        migrations.AddField(
            model_name='deletionjob',
            name='manifest',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='job', to='medialib.manifest', verbose_name='manifest'),
        ),
        migrations.AddField(
            model_name='membership',
            name='account',
            field=models.ForeignKey(blank=True, help_text='Empty: every account, also those that are added later.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='medialib.account', verbose_name='account'),
        ),
        migrations.AddField(
            model_name='membership',
            name='added_by',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='added by'),
        ),
        migrations.AddField(
            model_name='membership',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL, verbose_name='person'),
        ),
        migrations.AddField(
            model_name='pace',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='paces', to='medialib.account'),
        ),
        migrations.AddField(
            model_name='protectionrule',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='protection_rules', to='medialib.account'),
        ),
        migrations.AddField(
            model_name='protectionrule',
            name='added_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='protectedfile',
            name='rule',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='files', to='medialib.protectionrule'),
        ),
        migrations.AddField(
            model_name='purgerequest',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='purges', to='medialib.account'),
        ),
        migrations.AddField(
            model_name='purgerequest',
            name='job',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='purges', to='medialib.deletionjob'),
        ),
        migrations.AddField(
            model_name='savedview',
            name='account',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='saved_views', to='medialib.account'),
        ),
        migrations.AddField(
            model_name='savedview',
            name='owner',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='saved_views', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='selection',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='selections', to='medialib.account'),
        ),
        migrations.AddField(
            model_name='selection',
            name='owner',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='selections', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='selectionitem',
            name='asset',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='medialib.asset'),
        ),
        migrations.AddField(
            model_name='selectionitem',
            name='selection',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='items', to='medialib.selection'),
        ),
        migrations.AddField(
            model_name='syncrun',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sync_runs', to='medialib.account', verbose_name='account'),
        ),
        migrations.AddField(
            model_name='asset',
            name='seen_in',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='medialib.syncrun'),
        ),
        migrations.AddField(
            model_name='webhookreceipt',
            name='account',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='medialib.account'),
        ),
        migrations.AddIndex(
            model_name='batch',
            index=models.Index(condition=models.Q(('state', 'settled'), _negated=True), fields=['job', 'number'], name='batch_open'),
        ),
        migrations.AddConstraint(
            model_name='batch',
            constraint=models.UniqueConstraint(fields=('job', 'number'), name='batch_number_once'),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(condition=models.Q(('file_id', ''), _negated=True), fields=['file_id', '-id'], name='audit_of_file'),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(fields=['account', '-id'], name='audit_of_account'),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(fields=['job', '-id'], name='audit_of_job'),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(fields=['actor_name', '-id'], name='audit_of_actor'),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(fields=['time'], name='audit_by_time'),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(condition=models.Q(('outcome__in', ['', 'deleted']), _negated=True), fields=['outcome', '-id'], name='audit_unusual'),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(condition=models.Q(('event', 'file.settled'), _negated=True), fields=['event', '-id'], name='audit_of_kind'),
        ),
        migrations.AddConstraint(
            model_name='auditevent',
            constraint=models.UniqueConstraint(condition=models.Q(('event', 'file.settled')), fields=('job', 'file_id'), name='audit_file_settled_once'),
        ),
        migrations.AddIndex(
            model_name='foldertotal',
            index=models.Index(fields=['account', 'parent_key', 'folder'], name='folder_total_children'),
        ),
        migrations.AddIndex(
            model_name='foldertotal',
            index=models.Index(fields=['account', 'parent_key', '-deep_bytes'], name='folder_total_largest'),
        ),
        migrations.AddConstraint(
            model_name='foldertotal',
            constraint=models.UniqueConstraint(fields=('account', 'folder'), name='folder_total_once'),
        ),
        migrations.AddIndex(
            model_name='listimport',
            index=models.Index(fields=['owner', 'account', '-made_at'], name='list_import_latest'),
        ),
        migrations.AddConstraint(
            model_name='listpart',
            constraint=models.UniqueConstraint(fields=('whole', 'number'), name='list_part_once'),
        ),
        migrations.AddIndex(
            model_name='item',
            index=models.Index(condition=models.Q(('outcome__in', ['', 'deleted']), _negated=True), fields=['manifest', 'outcome', 'position'], name='item_unusual_outcomes'),
        ),
        migrations.AddConstraint(
            model_name='item',
            constraint=models.UniqueConstraint(fields=('manifest', 'position'), name='item_position_once'),
        ),
        migrations.AddConstraint(
            model_name='item',
            constraint=models.UniqueConstraint(fields=('file_id', 'manifest'), name='item_file_once'),
        ),
        migrations.AddConstraint(
            model_name='item',
            constraint=models.CheckConstraint(condition=models.Q(('outcome', ''), models.Q(models.Q(('evidence', ''), _negated=True), ('settled_at__isnull', False)), _connector='OR'), name='item_outcome_has_evidence'),
        ),
        migrations.AddIndex(
            model_name='deletionjob',
            index=models.Index(condition=models.Q(('state', 'finished'), _negated=True), fields=['state', 'starts_at'], name='job_active'),
        ),
        migrations.AddIndex(
            model_name='deletionjob',
            index=models.Index(fields=['account', '-id'], name='job_newest_of_account'),
        ),
        migrations.AddConstraint(
            model_name='deletionjob',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='job_has_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='deletionjob',
            constraint=models.CheckConstraint(condition=models.Q(('speed_percent__gte', 1), ('speed_percent__lte', 100)), name='job_speed_is_a_share'),
        ),
        migrations.AddConstraint(
            model_name='deletionjob',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'finished'), _negated=True), ('file_count', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('deleted'), '+', models.F('already_gone')), '+', models.F('skipped')), '+', models.F('failed')), '+', models.F('cancelled')), '+', models.F('unverified'))), _connector='OR'), name='job_outcomes_add_up'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.UniqueConstraint(fields=('user', 'account'), name='membership_once_per_account'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.UniqueConstraint(condition=models.Q(('account__isnull', True)), fields=('user',), name='membership_of_all_accounts_once'),
        ),
        migrations.AddConstraint(
            model_name='pace',
            constraint=models.UniqueConstraint(fields=('account', 'kind'), name='pace_once_per_kind'),
        ),
        migrations.AddIndex(
            model_name='protectionrule',
            index=models.Index(condition=models.Q(('lifted_at__isnull', True)), fields=['account', 'id'], name='protection_active'),
        ),
        migrations.AddConstraint(
            model_name='protectionrule',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='protection_has_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='protectedfile',
            constraint=models.UniqueConstraint(fields=('rule', 'file_id'), name='protected_file_once'),
        ),
        migrations.AddIndex(
            model_name='purgerequest',
            index=models.Index(fields=['job', 'state'], name='purge_of_job'),
        ),
        migrations.AddIndex(
            model_name='purgerequest',
            index=models.Index(fields=['account', 'requested_at'], name='purge_this_month'),
        ),
        migrations.AddConstraint(
            model_name='savedview',
            constraint=models.UniqueConstraint(fields=('account', 'owner', 'name'), name='saved_view_name_once'),
        ),
        migrations.AddConstraint(
            model_name='selection',
            constraint=models.UniqueConstraint(fields=('owner', 'account'), name='selection_once_per_person_and_account'),
        ),
        migrations.AddConstraint(
            model_name='selectionitem',
            constraint=models.UniqueConstraint(fields=('selection', 'asset'), name='selection_holds_asset_once'),
        ),
        migrations.AddConstraint(
            model_name='selectionitem',
            constraint=models.CheckConstraint(condition=models.Q(('is_excluded', False), ('is_from_all', True), _connector='OR'), name='selection_excludes_from_all'),
        ),
        migrations.AddIndex(
            model_name='syncrun',
            index=models.Index(fields=['account', 'state', '-id'], name='sync_run_latest'),
        ),
        migrations.AddConstraint(
            model_name='syncrun',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'running')), fields=('account',), name='sync_one_at_a_time'),
        ),
        migrations.AddIndex(
            model_name='asset',
            index=models.Index(condition=models.Q(('removed_at__isnull', True)), fields=['account', 'created_at', 'id'], name='asset_by_created'),
        ),
        migrations.AddIndex(
            model_name='asset',
            index=models.Index(condition=models.Q(('removed_at__isnull', True)), fields=['account', 'updated_at', 'id'], name='asset_by_updated'),
        ),
        migrations.AddIndex(
            model_name='asset',
            index=models.Index(condition=models.Q(('removed_at__isnull', True)), fields=['account', 'name', 'id'], name='asset_by_name'),
        ),
        migrations.AddIndex(
            model_name='asset',
            index=models.Index(condition=models.Q(('removed_at__isnull', True)), fields=['account', 'size_bytes', 'id'], name='asset_by_size'),
        ),
        migrations.AddIndex(
            model_name='asset',
            index=models.Index(condition=models.Q(('removed_at__isnull', True)), fields=['account', 'format', 'id'], name='asset_by_format'),
        ),
        migrations.AddIndex(
            model_name='asset',
            index=models.Index(condition=models.Q(('removed_at__isnull', True)), fields=['account', 'path', 'id'], name='asset_by_path'),
        ),
        migrations.AddIndex(
            model_name='asset',
            index=models.Index(condition=models.Q(('removed_at__isnull', True)), fields=['account', 'folder', 'created_at', 'id'], name='asset_in_folder'),
        ),
        migrations.AddIndex(
            model_name='asset',
            index=models.Index(condition=models.Q(('removed_at__isnull', True)), fields=['account', 'kind', 'created_at', 'id'], name='asset_of_kind'),
        ),
        migrations.AddIndex(
            model_name='asset',
            index=models.Index(condition=models.Q(('removed_at__isnull', True)), fields=['account', 'format', 'created_at', 'id'], name='asset_of_format'),
        ),
        migrations.AddIndex(
            model_name='asset',
            index=models.Index(condition=models.Q(('removed_at__isnull', True), ('width__isnull', False)), fields=['account', 'width', 'id'], name='asset_by_width'),
        ),
        migrations.AddIndex(
            model_name='asset',
            index=models.Index(condition=models.Q(('removed_at__isnull', True), ('height__isnull', False)), fields=['account', 'height', 'id'], name='asset_by_height'),
        ),
        migrations.AddIndex(
            model_name='asset',
            index=models.Index(condition=models.Q(('removed_at__isnull', True), ('is_private', True)), fields=['account', 'created_at', 'id'], name='asset_private'),
        ),
        migrations.AddIndex(
            model_name='asset',
            index=models.Index(condition=models.Q(('removed_at__isnull', True), ('is_published', False)), fields=['account', 'created_at', 'id'], name='asset_unpublished'),
        ),
        migrations.AddIndex(
            model_name='asset',
            index=models.Index(condition=models.Q(('removed_at__isnull', True), ('version_name__is_first_version', False)), fields=['account', 'created_at', 'id'], name='asset_of_versions'),
        ),
        migrations.AddIndex(
            model_name='asset',
            index=models.Index(condition=models.Q(('removed_at__isnull', True), ('ai_tags__is_empty_list', True), ('tags__is_empty_list', True)), fields=['account', 'created_at', 'id'], name='asset_untagged'),
        ),
        migrations.AddIndex(
            model_name='asset',
            index=models.Index(condition=models.Q(('removed_at__isnull', True), ('created_at__gt', models.F('updated_at'))), fields=['account', 'id'], name='asset_updated_early'),
        ),
        migrations.AddConstraint(
            model_name='asset',
            constraint=models.UniqueConstraint(fields=('account', 'file_id'), name='asset_once_per_account'),
        ),
        migrations.AddConstraint(
            model_name='asset',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('removal', ''), ('removed_at__isnull', True)), models.Q(('removed_at__isnull', False), models.Q(('removal', ''), _negated=True)), _connector='OR'), name='asset_removal_has_a_time'),
        ),
        migrations.AddConstraint(
            model_name='webhookreceipt',
            constraint=models.UniqueConstraint(fields=('account', 'event_id'), name='webhook_once'),
        ),
        migrations.AlterModelOptions(
            name='account',
            options={'ordering': ['name'], 'permissions': [('view_library', 'Can browse the library'), ('delete_files', 'Can delete files at ImageKit'), ('delete_whole_library', 'Can delete a whole library'), ('approve_deletions', 'Can approve what others want to delete'), ('restore_files', 'Can restore deleted files from their copies'), ('destroy_copies', 'Can destroy copies of deleted files'), ('view_audit', 'Can read the audit log'), ('manage_keys', 'Can add and change accounts and their keys')], 'verbose_name': 'account', 'verbose_name_plural': 'accounts'},
        ),
        migrations.AddField(
            model_name='account',
            name='keep_copies_days',
            field=models.PositiveSmallIntegerField(blank=True, help_text='Copy each file before it is deleted, and keep the copy so long; empty: there is no way back.', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(3650)], verbose_name='keeps copies for (days)'),
        ),
        migrations.AddField(
            model_name='batch',
            name='needs_copies',
            field=models.BooleanField(default=False, help_text='Its files are to be copied before it may be sent.'),
        ),
        migrations.AddField(
            model_name='deletionjob',
            name='keep_copies_days',
            field=models.PositiveSmallIntegerField(help_text='As it was confirmed: no file is deleted without its copy; empty: none are made.', null=True, verbose_name='keeps copies for (days)'),
        ),
        migrations.AlterField(
            model_name='auditevent',
            name='event',
            field=models.CharField(choices=[('file.settled', 'file settled'), ('file.unverified', 'answer lost, file unverified'), ('file.gone', 'file deleted at ImageKit, not by medialib'), ('batch.sent', 'call about to be sent'), ('batch.held', 'call held back, not sent'), ('manifest.frozen', 'files frozen'), ('job.confirmed', 'deletion confirmed'), ('job.approved', 'job approved by another person'), ('job.rejected', 'job rejected'), ('job.started', 'job started'), ('job.paused', 'job paused'), ('job.resumed', 'job resumed'), ('job.speed', 'job speed changed'), ('job.undone', 'job undone before it started'), ('job.cancelled', 'job cancelled'), ('job.verify', 'unverified files looked up again'), ('job.taken_over', 'job taken over by another person'), ('job.finished', 'job finished'), ('purge.requested', 'CDN purge requested'), ('copies.removed', 'copies removed, their time was over'), ('copies.kept_longer', 'copies kept longer'), ('copies.destroyed', 'copies destroyed'), ('sync.removals_accepted', 'many files accepted as gone from ImageKit'), ('account.added', 'account added'), ('account.changed', 'account changed'), ('key.added', 'key added'), ('key.checked', 'key tested'), ('key.retired', 'key retired'), ('key.reencrypted', 'stored keys encrypted anew'), ('key.first_used', 'key used for the first time'), ('protection.added', 'protection rule added'), ('protection.lifted', 'protection rule lifted'), ('audit.exported', 'audit log exported'), ('audit.pruned', 'old audit events archived and removed'), ('audit.key_changed', 'key that signs the audit log changed'), ('audit.restored', 'audit log went on after a restored backup'), ('person.added', 'person added'), ('person.changed', 'person or their rights changed'), ('person.removed', 'person removed'), ('group.changed', 'group or its rights changed'), ('settings.weak', 'started with settings that weaken safety'), ('person.signed_in', 'signed in'), ('person.sign_in_failed', 'sign-in failed'), ('person.signed_out', 'signed out')], max_length=30, verbose_name='event'),
        ),
        migrations.AlterField(
            model_name='deletionjob',
            name='pause_code',
            field=models.CharField(blank=True, choices=[('person', 'somebody paused it'), ('key_refused', "ImageKit refused the account's key"), ('no_key', 'the account has no usable key'), ('requester', 'the person who asked for it may no longer delete'), ('approver', 'the person who approved it may no longer approve'), ('manifest_changed', 'the frozen list is not the one that was confirmed'), ('storage', 'the storage for copies is full or fails'), ('breaker', 'too much went wrong')], max_length=16, verbose_name='kind of pause'),
        ),
        migrations.CreateModel(
            name='KeptContent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sha256', models.CharField(max_length=64)),
                ('size_bytes', models.BigIntegerField()),
                ('name', models.CharField(help_text='In the storage; used once and never again.', max_length=200, unique=True)),
                ('kept_at', models.DateTimeField()),
                ('is_leaving', models.BooleanField(default=False, help_text='No copy may name it any more: it is being removed.')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='contents', to='medialib.account')),
            ],
            options={
                'verbose_name': 'kept content',
                'verbose_name_plural': 'kept contents',
            },
        ),
        migrations.CreateModel(
            name='KeptCopy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file_id', models.CharField(max_length=64)),
                ('path', models.TextField()),
                ('url', models.TextField(blank=True)),
                ('size_bytes', models.BigIntegerField()),
                ('version_name', models.CharField(blank=True, default='', max_length=40)),
                ('file_created_at', models.DateTimeField(null=True)),
                ('file_updated_at', models.DateTimeField(null=True)),
                ('is_private', models.BooleanField()),
                ('is_published', models.BooleanField()),
                ('tags', models.JSONField(default=list)),
                ('ai_tags', models.JSONField(default=list, help_text='As ImageKit lists them.')),
                ('custom_metadata', models.JSONField(default=dict)),
                ('custom_coordinates', models.TextField(blank=True)),
                ('description', models.TextField(blank=True)),
                ('known', models.JSONField(default=dict, help_text='All that ImageKit said of it, as it came.')),
                ('copied_at', models.DateTimeField()),
                ('keep_until', models.DateTimeField(help_text='Empty until its job is finished.', null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='copies', to='medialib.account')),
                ('content', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='copies', to='medialib.keptcontent')),
                ('job', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='copies', to='medialib.deletionjob')),
            ],
            options={
                'verbose_name': 'kept copy',
                'verbose_name_plural': 'kept copies',
            },
        ),
        migrations.AddConstraint(
            model_name='keptcontent',
            constraint=models.UniqueConstraint(condition=models.Q(('is_leaving', False)), fields=('account', 'sha256'), name='content_once_in_account'),
        ),
        migrations.AddIndex(
            model_name='keptcopy',
            index=models.Index(fields=['account', 'file_id'], name='copy_of_file'),
        ),
        migrations.AddIndex(
            model_name='keptcopy',
            index=models.Index(fields=['keep_until'], name='copy_due'),
        ),
        migrations.AddConstraint(
            model_name='keptcopy',
            constraint=models.UniqueConstraint(fields=('job', 'file_id'), name='copy_once_in_job'),
        ),
        migrations.AlterField(
            model_name='auditevent',
            name='event',
            field=models.CharField(choices=[('file.settled', 'file settled'), ('file.unverified', 'answer lost, file unverified'), ('file.gone', 'file deleted at ImageKit, not by medialib'), ('batch.sent', 'call about to be sent'), ('batch.held', 'call held back, not sent'), ('manifest.frozen', 'files frozen'), ('job.confirmed', 'deletion confirmed'), ('job.approved', 'job approved by another person'), ('job.rejected', 'job rejected'), ('job.started', 'job started'), ('job.paused', 'job paused'), ('job.resumed', 'job resumed'), ('job.speed', 'job speed changed'), ('job.undone', 'job undone before it started'), ('job.cancelled', 'job cancelled'), ('job.verify', 'unverified files looked up again'), ('job.taken_over', 'job taken over by another person'), ('job.finished', 'job finished'), ('purge.requested', 'CDN purge requested'), ('restore.confirmed', 'restore confirmed'), ('restore.paused', 'restore paused'), ('restore.resumed', 'restore resumed'), ('restore.cancelled', 'restore cancelled'), ('restore.verify', 'unverified files of a restore looked up again'), ('restore.finished', 'restore finished'), ('restore.settled', 'file of a restore settled'), ('copies.removed', 'copies removed, their time was over'), ('copies.kept_longer', 'copies kept longer'), ('copies.destroyed', 'copies destroyed'), ('sync.removals_accepted', 'many files accepted as gone from ImageKit'), ('account.added', 'account added'), ('account.changed', 'account changed'), ('key.added', 'key added'), ('key.checked', 'key tested'), ('key.retired', 'key retired'), ('key.reencrypted', 'stored keys encrypted anew'), ('key.first_used', 'key used for the first time'), ('protection.added', 'protection rule added'), ('protection.lifted', 'protection rule lifted'), ('audit.exported', 'audit log exported'), ('audit.pruned', 'old audit events archived and removed'), ('audit.key_changed', 'key that signs the audit log changed'), ('audit.restored', 'audit log went on after a restored backup'), ('person.added', 'person added'), ('person.changed', 'person or their rights changed'), ('person.removed', 'person removed'), ('group.changed', 'group or its rights changed'), ('settings.weak', 'started with settings that weaken safety'), ('person.signed_in', 'signed in'), ('person.sign_in_failed', 'sign-in failed'), ('person.signed_out', 'signed out')], max_length=30, verbose_name='event'),
        ),
        migrations.CreateModel(
            name='RestoreJob',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('requested_by_name', models.CharField(max_length=150)),
                ('reason', models.TextField(blank=True)),
                ('source', models.JSONField(default=dict, help_text='Where the list came from: a job, a file, a list of ids.')),
                ('sha256', models.CharField(help_text='Of the frozen list.', max_length=64)),
                ('file_count', models.PositiveIntegerField()),
                ('total_bytes', models.BigIntegerField()),
                ('keeps_both', models.BooleanField(default=False, help_text='Where another file is at the path, put this one beside it under a name of its own.')),
                ('state', models.CharField(choices=[('review', 'not confirmed yet'), ('running', 'running'), ('paused', 'paused'), ('cancelling', 'cancelling'), ('finished', 'finished')], default='review', max_length=10)),
                ('pause_cause', models.TextField(blank=True)),
                ('created_at', models.DateTimeField()),
                ('confirmed_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('lease_owner', models.CharField(blank=True, max_length=80)),
                ('lease_until', models.DateTimeField(null=True)),
                ('fence', models.PositiveIntegerField(default=0)),
                ('restored', models.PositiveIntegerField(default=0)),
                ('already_there', models.PositiveIntegerField(default=0)),
                ('conflict', models.PositiveIntegerField(default=0)),
                ('failed', models.PositiveIntegerField(default=0)),
                ('cancelled', models.PositiveIntegerField(default=0)),
                ('unverified', models.PositiveIntegerField(default=0)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='restores', to='medialib.account')),
                ('requested_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='restores', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'restore',
                'verbose_name_plural': 'restores',
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='RestoreItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveIntegerField()),
                ('file_id', models.CharField(help_text='Under which it was deleted.', max_length=64)),
                ('path', models.TextField()),
                ('size_bytes', models.BigIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('sent_at', models.DateTimeField(help_text='Intent: committed before the upload begins.', null=True)),
                ('outcome', models.CharField(blank=True, choices=[('restored', 'restored'), ('already_there', 'already there'), ('conflict', 'conflict'), ('failed', 'failed'), ('cancelled', 'cancelled'), ('unverified', 'unverified')], default='', max_length=13)),
                ('evidence', models.TextField(blank=True, default='')),
                ('new_file_id', models.CharField(blank=True, default='', max_length=64)),
                ('new_path', models.TextField(blank=True, default='')),
                ('settled_at', models.DateTimeField(null=True)),
                ('copy', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='restores', to='medialib.keptcopy')),
                ('job', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='medialib.restorejob')),
            ],
            options={
                'verbose_name': 'file of a restore',
                'verbose_name_plural': 'files of a restore',
                'ordering': ['position'],
            },
        ),
        migrations.AddConstraint(
            model_name='restorejob',
            constraint=models.CheckConstraint(condition=models.Q(('state', 'review'), models.Q(('reason', ''), _negated=True), _connector='OR'), name='restore_has_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='restorejob',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'finished'), _negated=True), ('file_count', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('restored'), '+', models.F('already_there')), '+', models.F('conflict')), '+', models.F('failed')), '+', models.F('cancelled')), '+', models.F('unverified'))), _connector='OR'), name='restore_outcomes_add_up'),
        ),
        migrations.AddIndex(
            model_name='restoreitem',
            index=models.Index(condition=models.Q(('outcome', '')), fields=['job', 'position'], name='restore_open'),
        ),
        migrations.AddIndex(
            model_name='restoreitem',
            index=models.Index(condition=models.Q(('new_file_id', ''), _negated=True), fields=['new_file_id'], name='restore_new_id'),
        ),
        migrations.AddConstraint(
            model_name='restoreitem',
            constraint=models.UniqueConstraint(fields=('job', 'position'), name='restore_position_once'),
        ),
        migrations.AddConstraint(
            model_name='restoreitem',
            constraint=models.UniqueConstraint(fields=('file_id', 'job'), name='restore_file_once'),
        ),
        migrations.AddConstraint(
            model_name='restoreitem',
            constraint=models.CheckConstraint(condition=models.Q(('outcome', ''), models.Q(models.Q(('evidence', ''), _negated=True), ('settled_at__isnull', False)), _connector='OR'), name='restore_outcome_has_evidence'),
        ),
    ]
