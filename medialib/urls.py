"""Routes of the product. The names are what templates and tests use."""

from django.contrib.auth.views import LogoutView
from django.urls import path
from django.views.i18n import set_language

from medialib.auth.one_time_link import sign_in_once
from medialib.auth.views import SignIn, sign_in_again
from medialib.views import home, icons, probes, styleguide, webhooks
from medialib.views.accounts import accounts, keys, people
from medialib.views.audit import chart, log
from medialib.views.audit import jobs as audit_jobs
from medialib.views.jobs import approvals, changes, jobs, receipts, review
from medialib.views.library import (
    emptying,
    file,
    insight,
    library,
    list_imports,
    preferences,
    protections,
    saved_views,
    selection,
    sidebar,
    sync,
    totals,
)

app_name = "medialib"
urlpatterns = [
    path("", home.home, name="home"),
    path("sign-in/", SignIn.as_view(), name="sign-in"),
    path("sign-in/again/", sign_in_again, name="sign-in-again"),
    path("sign-in/once/<int:user>/<str:token>/", sign_in_once, name="sign-in-once"),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
    path("icons/<slug:digest>.css", icons.icons, name="icons"),
    path("healthz", home.healthz, name="healthz"),
    path("readyz", probes.readyz, name="readyz"),
    path("metrics", probes.metrics, name="metrics"),
    path("webhooks/imagekit/<slug:account>/", webhooks.imagekit_webhook, name="webhook"),
    path("styleguide/", styleguide.styleguide, name="styleguide"),
    path("language/", set_language, name="language"),
    path("accounts/", accounts.account_list, name="accounts"),
    path("accounts/new/", accounts.account_new, name="account-new"),
    path("<slug:account>/settings/", accounts.account_settings, name="account-settings"),
    path("<slug:account>/settings/test/", accounts.account_test, name="account-test"),
    path("<slug:account>/settings/webhook/", accounts.account_webhook, name="account-webhook"),
    path("<slug:account>/settings/keys/", keys.key_new, name="key-new"),
    path("<slug:account>/settings/keys/<int:key>/<slug:change>/", keys.key_change, name="key-change"),
    path("<slug:account>/settings/people/", people.person_new, name="person-new"),
    path("<slug:account>/settings/people/<int:membership>/", people.person_change, name="person-change"),
    path("<slug:account>/settings/people/<int:membership>/remove/", people.person_remove, name="person-remove"),
    path("<slug:account>/library/", library.library, name="library"),
    path("<slug:account>/library/count/", totals.exact_total, name="library-count"),
    path("<slug:account>/views/", saved_views.saved_view_change, name="saved-view-change"),
    path("<slug:account>/insight/", insight.insight_page, name="insight"),
    path("<slug:account>/insight/<slug:part>/", insight.insight_part, name="insight-part"),
    path("<slug:account>/library/folders/", sidebar.library_folders, name="library-folders"),
    path("<slug:account>/library/facets/", sidebar.library_facets, name="library-facets"),
    path("<slug:account>/lists/", list_imports.list_import, name="list-import"),
    path("<slug:account>/lists/<uuid:report>/", list_imports.list_report, name="list-report"),
    path("<slug:account>/lists/<uuid:report>/lines.csv", list_imports.list_report_csv, name="list-report-csv"),
    path("<slug:account>/preferences/", preferences.preferences_change, name="preferences-change"),
    path("<slug:account>/selection/", selection.selection_change, name="selection-change"),
    path("<slug:account>/empty/", emptying.empty_library, name="empty-library"),
    path("<slug:account>/protections/", protections.rules, name="protections"),
    path("<slug:account>/protections/<int:rule>/lift/", protections.lift, name="protection-lift"),
    path("<slug:account>/files/<str:file_id>/", file.asset_panel, name="asset-panel"),
    path("<slug:account>/files/<str:file_id>/versions/", file.asset_versions, name="asset-versions"),
    path("<slug:account>/sync/", sync.sync_start, name="sync-start"),
    path("<slug:account>/sync/accept-removals/", sync.sync_accept, name="sync-accept"),
    path("<slug:account>/sync/progress/", sync.sync_progress, name="sync-progress"),
    path("<slug:account>/files/<str:file_id>/history/", log.file_history, name="file-history"),
    path("<slug:account>/freeze/", review.freeze, name="freeze"),
    path("manifests/<uuid:manifest>/", review.review_page, name="review"),
    path("manifests/<uuid:manifest>/manifest.csv", review.manifest_csv, name="manifest-csv"),
    path("manifests/<uuid:manifest>/asked/", review.asked, name="review-asked"),
    path("manifests/<uuid:manifest>/confirm/", review.confirm, name="confirm"),
    path("manifests/<uuid:manifest>/changes/<slug:difference>/", changes.manifest_changes, name="manifest-changes"),
    path("jobs/", jobs.job_list, name="jobs"),
    path("jobs/tray/", jobs.job_tray, name="job-tray"),
    path("jobs/<int:job>/", jobs.job_detail, name="job"),
    path("jobs/<int:job>/progress/", jobs.job_progress_part, name="job-progress"),
    path("jobs/<int:job>/timeline/", jobs.job_timeline_part, name="job-timeline"),
    path("jobs/<int:job>/calls/<int:exchange>/", jobs.job_exchange, name="job-exchange"),
    path("jobs/<int:job>/receipt/", receipts.job_receipt, name="job-receipt"),
    path("jobs/<int:job>/receipt.json", receipts.job_receipt_json, name="job-receipt-json"),
    path("jobs/<int:job>/outcomes.jsonl", receipts.job_outcomes, name="job-outcomes"),
    path("jobs/<int:job>/approval/<slug:answer>/", approvals.job_approval, name="job-approval"),
    path("jobs/<int:job>/smaller/", changes.job_smaller, name="job-smaller"),
    path("jobs/<int:job>/changed/", review.freeze_changed, name="freeze-changed"),
    path("jobs/<int:job>/<slug:action>/", jobs.job_control, name="job-control"),
    path("audit/", log.audit_list, name="audit"),
    path("audit/chart/", chart.audit_chart, name="audit-chart"),
    path("audit/export/", log.audit_download, name="audit-export"),
    path("audit/file/", log.find_file, name="audit-file"),
    path("audit/jobs/<int:job>/", audit_jobs.audit_job, name="audit-job"),
    path("audit/jobs/<int:job>/batches/<int:number>/", audit_jobs.audit_batch, name="audit-batch"),
]
