"""The WSGI entry point."""

import gc
import os

gc.set_threshold(50_000, 20, 50)  # as manage.py, and for its reason

from django.core.wsgi import get_wsgi_application  # noqa: E402

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.settings.production")
application = get_wsgi_application()
gc.freeze()  # what is there now stays: no collection has to look at it again
