"""The local engine: Beam's in-process runner with worker processes of ours. All use of Beam's private parts is here."""
