#!/bin/sh
# Writes site.conf: the site of nginx with the names of the compose network, which are looked up again and
# again, as a container that was made anew has another address (nginx 1.27.3 or newer).
cd "$(dirname "$0")" || exit 1
sed -e 's/^upstream sagaboard {/resolver 127.0.0.11 valid=2s;\n&\n    zone sagaboard 64k;/' \
    -e 's/server 127\.0\.0\.1:8000 .*/server web:8000 resolve max_fails=0;/' \
    -e 's#/etc/ssl/certs/.*\.pem#/etc/nginx/certs/cert.pem#' \
    -e 's#/etc/ssl/private/.*\.key#/etc/nginx/certs/key.pem#' \
    ../nginx/sagaboard.conf >site.conf
