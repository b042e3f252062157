"""Sign-in, on django-allauth: who is let in, second factors, a fresh proof before what cannot be undone."""
