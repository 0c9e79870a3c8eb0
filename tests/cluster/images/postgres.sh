# Makes the databases' folder on its first start, with a user who may do anything, and serves.
set -eu
programs=$(echo /usr/lib/postgresql/*/bin)
# initdb wants its user to have a name.
echo "postgres:x:$(id -u):$(id -g)::/tmp:/bin/sh" >/tmp/passwd
echo "postgres:x:$(id -g):" >/tmp/group
export LD_PRELOAD=libnss_wrapper.so NSS_WRAPPER_PASSWD=/tmp/passwd NSS_WRAPPER_GROUP=/tmp/group
if [ ! -s /data/postgres/PG_VERSION ]; then
    printf %s "$POSTGRES_PASSWORD" >/tmp/password
    "$programs/initdb" --pgdata=/data/postgres --username=postgres --pwfile=/tmp/password \
        --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --no-instructions
    echo "host all all all scram-sha-256" >>/data/postgres/pg_hba.conf
fi
# A volume that is mounted anew is opened to its group, which PostgreSQL does not accept.
chmod 700 /data/postgres
# Left by one that was killed, and its number may be another process's of this pod by now. Nobody else
# has the volume: pods are not replaced before they are gone.
rm -f /data/postgres/postmaster.pid
exec "$programs/postgres" -D /data/postgres -c listen_addresses='*' -c unix_socket_directories=/tmp
