# Keycloak, built for what the platform uses: it starts without building itself again, on a read-only file system.
# The database is a file, for development: take PostgreSQL (KC_DB=postgres) where data has to last.
ARG KEYCLOAK_IMAGE=quay.io/keycloak/keycloak:26.7.3
FROM ${KEYCLOAK_IMAGE}
ENV KC_DB=dev-file KC_CACHE=local KC_HEALTH_ENABLED=true KC_TRACING_ENABLED=true \
  KC_FEATURES=cimd,identity-assertion-jwt \
  JAVA_OPTS_APPEND=-XX:TieredStopAtLevel=1
RUN mkdir -p /opt/keycloak/data/import /opt/keycloak/data/h2 && /opt/keycloak/bin/kc.sh build
