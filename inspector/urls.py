"""Every address of the inspector. All of them ask for a login, but `login` and `healthz`."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path

from inspector.pages.account import account, recompute
from inspector.pages.accounts import accounts
from inspector.pages.approve import approve
from inspector.pages.health import healthz
from inspector.pages.home import home
from inspector.pages.repair import repair
from inspector.pages.search import search

urlpatterns = [
    path("", home, name="home"),
    path("search/", search, name="search"),
    path("accounts/", accounts, name="accounts"),
    path("accounts/<str:account_id>/", account, name="account"),
    path("accounts/<str:account_id>/recompute/", recompute, name="recompute"),
    path("accounts/<str:account_id>/apply/", approve, name="approve"),
    path("repairs/<uuid:repair_id>/", repair, name="repair"),
    path("login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", LogoutView.as_view(next_page="login"), name="logout"),
    path("healthz", healthz, name="healthz"),
    path("api/v1/", include("inspector.api.urls")),
]

handler403 = "inspector.pages.errors.forbidden"
handler404 = "inspector.pages.errors.not_found"
handler500 = "inspector.pages.errors.broken"
