"""Tidegate as an MCP server: any MCP client on this machine asks, redacts and plans through the running daemon."""
