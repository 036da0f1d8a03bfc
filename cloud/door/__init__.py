"""The mTLS gRPC door. TLS must be restricted before grpc is imported, so this package does that first."""

import tidegate.identity.tls  # noqa: F401
