# Debian and Ubuntu packages by purpose; read by install.sh and named in the README.
# Shared libraries that WeasyPrint loads at run time, and gettext's msgfmt for the English pages.
RUN_PACKAGES="libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz0b libharfbuzz-subset0 libfontconfig1 gettext"
# Servers, a browser and document readers that only the suite needs.
TEST_PACKAGES="postgresql redis-server rabbitmq-server poppler-utils qpdf zbar-tools fonts-noto-cjk"
