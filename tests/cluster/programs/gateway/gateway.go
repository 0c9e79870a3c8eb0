// Package gateway holds one version of the Gateway API, for the definitions in its module's folder.
package gateway

import _ "sigs.k8s.io/gateway-api/apis/v1"
