// Decodes what the kubelet would decode, as strictly, with its own types: `check config|response`, the
// document on standard input.
package main

import (
	"fmt"
	"io"
	"os"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	kubeletconfig "k8s.io/kubelet/config/v1"
	credentialprovider "k8s.io/kubelet/pkg/apis/credentialprovider/v1"
)

func main() {
	input, err := io.ReadAll(os.Stdin)
	if err == nil {
		err = check(os.Args[1], input)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func check(kind string, input []byte) error {
	scheme := runtime.NewScheme()
	if err := kubeletconfig.AddToScheme(scheme); err != nil {
		return err
	}
	if err := credentialprovider.AddToScheme(scheme); err != nil {
		return err
	}
	codecs := serializer.NewCodecFactory(scheme, serializer.EnableStrict)
	object, _, err := codecs.UniversalDeserializer().Decode(input, nil, nil)
	if err != nil {
		return err
	}
	switch found := object.(type) {
	case *kubeletconfig.CredentialProviderConfig:
		if kind != "config" || len(found.Providers) != 1 || found.Providers[0].DefaultCacheDuration == nil {
			return fmt.Errorf("not the configuration of one provider")
		}
	case *credentialprovider.CredentialProviderResponse:
		if kind != "response" || found.CacheDuration == nil || len(found.Auth) != 1 {
			return fmt.Errorf("not a response with one registry")
		}
	default:
		return fmt.Errorf("another kind: %T", object)
	}
	return nil
}
