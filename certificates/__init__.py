"""Certificates: what is proved and paid; certificates, verification, refresher clock, subsidy claims."""
