"""Certified institution (gecertificeerde instelling, GI): carries out child-protection measures by court order."""
