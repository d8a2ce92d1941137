"""Exports of reports, from the request to the download link."""
