"""Its endpoints, at the root."""

from django.urls import include, path

urlpatterns = [
    path("accounts/", include("django.contrib.auth.urls")),
    path("", include("oauth2_provider.urls", namespace="oauth2_provider")),
]
