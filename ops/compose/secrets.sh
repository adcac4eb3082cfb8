#!/bin/sh
# sh ops/compose/secrets.sh [DIRECTORY]: a file for each secret of docker-compose.yml, under ./secrets if nothing else is
# said. Random where random will do, empty where only you know it; what is there already stays as it is.
set -eu

directory=${1:-secrets}
mkdir -p "$directory"
chmod 700 "$directory" # the containers' users read the files, and nobody else comes as far as them
cd "$directory"

random() {
    od -An -N32 -tx1 /dev/urandom | tr -d ' \n'
}

make() {
    [ -e "$1" ] || printf '%s' "${2:+$2
}" > "$1"
    chmod 644 "$1"
}

make postgres_password "$(random)"
make database_url "postgres://recon:$(random)@postgres/recon"
make redis_url "redis://:$(random)@valkey:6379/0"
make secret_key "$(random)"
make audit_key "$(random)"
make event_feed_secrets "$(random)"
make store_event_secrets '{}'
for own in subs_account_url subs_customer_url subs_dunning_url billing_prod_url cf_prod_url \
    stripe_api_key stripe_webhook_secret; do
    make "$own" ''
done

find . -type f -empty | sort | sed "s,^\.,Fill in: $directory,"
