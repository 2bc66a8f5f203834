"""SocialCounterfactuals: sets of ten pictures that differ in body and gender."""
