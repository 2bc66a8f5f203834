"""A store that several people use: what it permits, and what is made in it permits.

The store's own folder says how it is shared. Where its group may write (`chmod 2775 STORE`),
everything made below it may be read and, as folders go, written by the group, whatever the umask;
the set-group-id bit hands the group on. A store that can't be written is used as it is.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from lvlm_compress.errors import UserError


def follow_permissions(store: Path) -> None:
    """Give the group the rights that it has on the store in all that this process makes.

    Sets the umask, which Snakemake's own folders and all children take over.
    """
    if store.is_dir() and store.stat().st_mode & stat.S_IWGRP:
        mask = os.umask(0)
        os.umask(mask & ~stat.S_IRWXG)


def writable(store: Path) -> bool:
    """Whether files can be made in a store, or in the folder where it would be made."""
    while not store.exists():
        store = store.parent
    return os.access(store, os.W_OK | os.X_OK)


def require_writable(store: Path, missing: int) -> None:
    """Raise a UserError where artifacts are missing and the store can't take them."""
    if missing and not writable(store):
        raise UserError(
            f"{store} (config key 'results_dir') can't be written and lacks {missing} of the files "
            "that this run needs. Ask its owner for write access, set results_dir to a folder of "
            "yours, or draw what is there with `--config missing=show`."
        )
