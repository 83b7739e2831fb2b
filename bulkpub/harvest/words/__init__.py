"""Words of catalogues → words of the portal: pure maps, each from what is in use out there."""
