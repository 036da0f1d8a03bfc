"""`tidegate chat`: a conversation in the terminal with the daemon of this machine, through its door like any other application."""
