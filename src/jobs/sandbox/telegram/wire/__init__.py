"""MTProto 2.0 as a server speaks it: transports, key exchange, encryption, messages, calls, updates."""
