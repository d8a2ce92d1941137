"""Opens the store for finished files that the settings name."""

from pathlib import Path

from daybook.engine.settings import Settings
from daybook.files.store import Files


def open_files(settings: Settings) -> Files:
    """The bucket if one is configured, otherwise the folder. Raises WrongSetting."""
    if settings.exports_bucket:
        from daybook.files.bucket import Bucket

        return Bucket(settings)
    from daybook.files.folder import Folder

    return Folder(Path(settings.exports_folder))
