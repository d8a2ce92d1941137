"""Files of reports, from the call that asks for one to the link that hands it out."""
