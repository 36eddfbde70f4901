# run_local.sh, run_tests.sh and .ci/run source this file. It sets `python` to the interpreter of a virtual environment
# that has the project with the extras in $1, and `warraq` to its command. It makes the environment (.venv, or
# $WARRAQ_VENV) if it is missing, and installs again only if setup.py has changed. -I: Python imports nothing from the
# current folder, which may contain any file.
venv=${WARRAQ_VENV:-$here/.venv}
python=$venv/bin/python
warraq=$venv/bin/warraq
if [ ! -x "$python" ]; then
  for candidate in python3 python3.{13,12,11,10} python; do
    if "$candidate" -I -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then break; fi
    candidate=
  done
  : "${candidate:?Python 3.10 or newer is needed, and was not found}"
  "$candidate" -I -m venv "$venv"
fi
stamp=$venv/.installed$1
if [ ! -e "$stamp" ] || [ "$here/setup.py" -nt "$stamp" ]; then
  echo "installing Warraq into $venv (a minute or two, once)" >&2
  "$python" -I -m pip install --quiet --quiet --editable "$here$1"
  touch "$stamp"
fi
