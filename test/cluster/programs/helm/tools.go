//go:build tools

// Helm as its project builds it, at the version that go.mod names.
package tools

import _ "helm.sh/helm/v3/cmd/helm"
