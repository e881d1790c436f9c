"""What comes from elsewhere to be installed here, and the files that say what is: shared by the three managers."""
