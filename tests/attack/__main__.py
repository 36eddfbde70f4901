"""The long part of the attacks: `python -m tests.attack --inputs 1000000 --kills 500`. Prints what was tried and held.

- faults.py: each call of a commit that changes files fails, or is the last of its process
- kills.py: the same for calls of whole runs, and several runs at once
- fuzz.py: mutated dumps, pages and texts through the readers and the pure core

Those of the stream are commands of their own: soak.py (an hour), kafka.py (a real broker), flink_windows.py (a cluster).
"""

import argparse
import subprocess
import sys

from tests.support.paths import ROOT


def main():
    parser = argparse.ArgumentParser(
        prog="python -m tests.attack", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--inputs", type=int, default=1_000_000, help="mutated dumps, pages and texts (fuzz.py)")
    parser.add_argument("--kills", type=int, default=500, help="runs killed, or failing at a call (kills.py)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    seed = ("--seed", options.seed)
    attacks = {
        "faults": (),
        "kills": ("--attempts", options.kills, *seed),
        "fuzz": ("--inputs", options.inputs, *seed),
    }
    codes = []
    for program, arguments in attacks.items():
        command = [sys.executable, "-m", f"tests.attack.{program}", *map(str, arguments)]
        print(f"\n{' '.join(command[1:])}", flush=True)
        codes.append(subprocess.run(command, cwd=ROOT).returncode)
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
