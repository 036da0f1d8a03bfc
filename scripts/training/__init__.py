"""Training of the embedded models: the data, the network, the export and its proof. Never imported at run time."""
