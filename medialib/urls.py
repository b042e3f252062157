"""Routes of the product. The names are what templates and tests use."""

from django.contrib.auth.views import LogoutView
from django.urls import path
from django.views.i18n import set_language

from medialib.views import (
    audit,
    audit_chart,
    deletion,
    frame,
    insight,
    jobs,
    library,
    look,
    panel,
    receipts,
    saved_views,
    selection,
    styleguide,
    sync,
    totals,
)

app_name = "medialib"
urlpatterns = [
    path("", frame.home, name="home"),
    path("sign-in/", frame.SignIn.as_view(), name="sign-in"),
    path("sign-in/again/", frame.sign_in_again, name="sign-in-again"),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
    path("healthz", frame.healthz, name="healthz"),
    path("styleguide/", styleguide.styleguide, name="styleguide"),
    path("language/", set_language, name="language"),
    path("<slug:account>/library/", library.library, name="library"),
    path("<slug:account>/library/count/", totals.exact_total, name="library-count"),
    path("<slug:account>/views/", saved_views.saved_view_change, name="saved-view-change"),
    path("<slug:account>/insight/", insight.insight_page, name="insight"),
    path("<slug:account>/insight/<slug:part>/", insight.insight_part, name="insight-part"),
    path("<slug:account>/look/", look.look_change, name="look-change"),
    path("<slug:account>/selection/", selection.selection_change, name="selection-change"),
    path("<slug:account>/files/<str:file_id>/", panel.asset_panel, name="asset-panel"),
    path("<slug:account>/sync/", sync.sync_start, name="sync-start"),
    path("<slug:account>/sync/progress/", sync.sync_progress, name="sync-progress"),
    path("<slug:account>/files/<str:file_id>/history/", audit.file_history, name="file-history"),
    path("<slug:account>/freeze/", deletion.freeze, name="freeze"),
    path("manifests/<uuid:manifest>/", deletion.review_page, name="review"),
    path("manifests/<uuid:manifest>/manifest.csv", deletion.manifest_csv, name="manifest-csv"),
    path("manifests/<uuid:manifest>/confirm/", deletion.confirm, name="confirm"),
    path("jobs/", jobs.job_list, name="jobs"),
    path("jobs/tray/", jobs.job_tray, name="job-tray"),
    path("jobs/<int:job>/", jobs.job_detail, name="job"),
    path("jobs/<int:job>/progress/", jobs.job_progress_part, name="job-progress"),
    path("jobs/<int:job>/timeline/", jobs.job_timeline_part, name="job-timeline"),
    path("jobs/<int:job>/calls/<int:exchange>/", jobs.job_exchange, name="job-exchange"),
    path("jobs/<int:job>/receipt/", receipts.job_receipt, name="job-receipt"),
    path("jobs/<int:job>/receipt.json", receipts.job_receipt_json, name="job-receipt-json"),
    path("jobs/<int:job>/outcomes.jsonl", receipts.job_outcomes, name="job-outcomes"),
    path("jobs/<int:job>/<slug:action>/", jobs.job_control, name="job-control"),
    path("audit/", audit.audit_list, name="audit"),
    path("audit/chart/", audit_chart.audit_chart, name="audit-chart"),
    path("audit/export/", audit.audit_download, name="audit-export"),
    path("audit/file/", audit.find_file, name="audit-file"),
]
