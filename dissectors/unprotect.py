"""Deciphering and verifying of protected APDUs, or why not (IEC 62056-5-3, 5.3 to 5.7). STUB OF SIGNATURES."""
