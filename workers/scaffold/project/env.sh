# Source this in each terminal, from this folder: . ./env.sh
export PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}"
export WORKER_MODULES={{ project_name }}.workers
export DATA_DIR="$PWD/var"
