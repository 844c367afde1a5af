import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.stream.Collectors;
import software.amazon.awssdk.core.SdkSystemSetting;
import software.amazon.awssdk.core.util.VersionInfo;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.sts.StsClient;

/** Asks STS who it is and S3 for the buckets, once for every line on standard input. */
class Client {
  public static void main(String[] arguments) throws Exception {
    System.out.println("{\"version\":" + quote(VersionInfo.SDK_VERSION) + "}");
    try (StsClient sts = StsClient.create();
        S3Client s3 = S3Client.builder().forcePathStyle(true).build()) {
      BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
      while (lines.readLine() != null) {
        System.out.println(round(sts, s3));
      }
    }
  }

  private static String round(StsClient sts, S3Client s3) {
    try {
      String arn = sts.getCallerIdentity().arn();
      String buckets =
          s3.listBuckets().buckets().stream()
              .map(bucket -> quote(bucket.name()))
              .collect(Collectors.joining(","));
      return "{\"arn\":" + quote(arn) + ",\"buckets\":[" + buckets + "]}";
    } catch (RuntimeException error) {
      return "{\"error\":" + quote(String.valueOf(error.getMessage())) + "}";
    }
  }

  private static String quote(String text) {
    String escaped = text.replace("\\", "\\\\").replace("\"", "\\\"");
    return '"' + escaped.replaceAll("\\p{Cntrl}", " ") + '"';
  }
}
