// Needs Java 17 with Jackson and Bouncy Castle (bcpkix). Signs, sends, repeats safely, verifies notifications.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.concurrent.ThreadLocalRandom;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.openssl.PEMEncryptedKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.openssl.jcajce.JcePEMDecryptorProviderBuilder;

public final class Vyplata {
  /** Nothing was created, for certain. `errors` says why, per field. */
  public static final class PayoutRefused extends Exception {
    public final JsonNode errors;

    PayoutRefused(JsonNode errors) {
      super(errors.toString());
      this.errors = errors;
    }
  }

  /** It is not known whether the payout exists: ask the status later, never pay in another way meanwhile. */
  public static final class PayoutUnknown extends Exception {
    PayoutUnknown(String text) {
      super(text);
    }
  }

  private record Answer(int status, String created, JsonNode json) {
    boolean isGood() {
      return status == 200 && !json.hasNonNull("errors");
    }

    JsonNode errors() {
      return json.path("errors");
    }

    /** A service without the header refuses with a 400 to a first try, unless the order_id is taken. */
    boolean saysNo(boolean isFirstTry) {
      if (created != null) return created.equals("no");
      return isFirstTry && status == 400 && !errors().isEmpty() && !errors().has("order_id");
    }
  }

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private final HttpClient client =
      HttpClient.newBuilder()
          .connectTimeout(Duration.ofSeconds(10))
          .followRedirects(HttpClient.Redirect.NEVER)
          .version(HttpClient.Version.HTTP_1_1)
          .build();
  private final String url;
  private final String account;
  private final PrivateKey key;

  public Vyplata(String url, String account, Path certDir) throws IOException {
    this.url = url;
    this.account = account;
    char[] password = Files.readString(certDir.resolve("password.txt")).stripTrailing().toCharArray();
    var provider = new BouncyCastleProvider();
    try (var parser = new PEMParser(Files.newBufferedReader(certDir.resolve("private.pem")))) {
      var encrypted = (PEMEncryptedKeyPair) parser.readObject();
      var decryptor = new JcePEMDecryptorProviderBuilder().setProvider(provider).build(password);
      this.key = new JcaPEMKeyConverter().getKeyPair(encrypted.decryptKeyPair(decryptor)).getPrivate();
    }
  }

  // [create]
  /** Orders a payout. The same bytes go out on every try, so it pays at most once. */
  public long createPayout(Map<String, Object> order) throws Exception {
    byte[] body = MAPPER.writeValueAsBytes(order);
    boolean everyTrySaidNo = true;
    Answer answer = null;
    for (int attempt = 0; attempt < 4; attempt++) {
      answer = send("/v1/payout", body);
      if (answer != null && answer.isGood()) return answer.json().get("id").asLong();
      if (answer != null && "yes".equals(answer.created()) && answer.errors().has("order_id")) {
        throw new PayoutRefused(answer.errors()); // another order has this order_id
      }
      everyTrySaidNo = everyTrySaidNo && answer != null && answer.saysNo(attempt == 0);
      boolean mayPass = answer == null || answer.status() == 429 || answer.status() >= 500;
      if (!mayPass || attempt == 3) break;
      Thread.sleep(ThreadLocalRandom.current().nextInt(250, 500) << attempt);
    }
    if (everyTrySaidNo) throw new PayoutRefused(answer.errors());
    JsonNode found = status(Map.of("order_id", order.get("order_id")));
    if (found != null) return found.get("id").asLong();
    throw new PayoutUnknown("Ask the status of order " + order.get("order_id") + " later.");
  }
  // [/create]

  /** The documented answer, or null when there is none. */
  public JsonNode status(Map<String, Object> ref) throws Exception {
    Answer answer = send("/v1/payout/status", MAPPER.writeValueAsBytes(ref));
    return answer != null && answer.isGood() ? answer.json() : null;
  }

  public JsonNode waitUntilFinal(long id, Duration longest) throws Exception {
    long until = System.nanoTime() + longest.toNanos();
    while (System.nanoTime() < until) {
      JsonNode status = status(Map.of("id", id));
      if (status != null && List.of("paid", "fail", "cancel").contains(status.path("payment_status").asText())) {
        return status;
      }
      Thread.sleep(1000);
    }
    throw new PayoutUnknown("Not final yet. It goes on by itself.");
  }

  // [send]
  /** One signed request; null when no answer came. Java verifies TLS certificates and host names by itself. */
  private Answer send(String path, byte[] body) throws GeneralSecurityException, InterruptedException {
    Signature signature = Signature.getInstance("SHA1withRSA");
    signature.initSign(key);
    signature.update(body);
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(url + path))
            .header("Content-Type", "application/json")
            .header("Account", account)
            .header("Sign", Base64.getEncoder().encodeToString(signature.sign()))
            .timeout(Duration.ofSeconds(30))
            .POST(HttpRequest.BodyPublishers.ofByteArray(body))
            .build();
    try {
      HttpResponse<String> response =
          client.send(request, HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
      String created = response.headers().firstValue("payout-created").orElse(null);
      return new Answer(response.statusCode(), created, parse(response.body()));
    } catch (IOException noAnswer) {
      return null;
    }
  }
  // [/send]

  private static JsonNode parse(String text) {
    try {
      return MAPPER.readTree(text);
    } catch (IOException notJson) {
      return MAPPER.createObjectNode();
    }
  }

  // [verify]
  private static final List<String> FIELDS =
      List.of("type", "id", "order_id", "payment_status", "amount", "payment_amount", "commission_amount",
          "is_partial_payment", "account", "service", "desc");

  /** Whether a notification is real. `values` is the parsed body of a POST, or the query of a GET as texts. */
  public static boolean isGenuineNotification(JsonNode values, String method, String publicPem) {
    StringJoiner members = new StringJoiner(",", "{", "}");
    for (String field : FIELDS) {
      JsonNode value = values.path(field);
      if (!value.isValueNode() || value.isNull()) return false;
      boolean isGetId = field.equals("id") && method.equals("GET") && value.asText().matches("[0-9]{1,16}");
      members.add(quotePhp(field) + ":" + (value.isTextual() && !isGetId ? quotePhp(value.asText()) : value.asText()));
    }
    try {
      String der = publicPem.replaceAll("-----[A-Z ]+-----|\\s", "");
      var spec = new X509EncodedKeySpec(Base64.getDecoder().decode(der));
      Signature signature = Signature.getInstance("SHA1withRSA");
      signature.initVerify(KeyFactory.getInstance("RSA").generatePublic(spec));
      signature.update(members.toString().getBytes(StandardCharsets.UTF_8));
      return signature.verify(Base64.getDecoder().decode(values.path("sign").asText()));
    } catch (GeneralSecurityException | IllegalArgumentException wrong) {
      return false;
    }
  }

  /** A text as json_encode of PHP writes it: a slash is \/, and what is not ASCII is an escape of four hex digits. */
  private static String quotePhp(String text) {
    StringBuilder out = new StringBuilder("\"");
    for (char unit : text.toCharArray()) {
      int shortEscape = "\"\\/\b\f\n\r\t".indexOf(unit);
      if (shortEscape >= 0) out.append('\\').append("\"\\/bfnrt".charAt(shortEscape));
      else if (unit < 0x20 || unit >= 0x80) out.append(String.format("\\u%04x", (int) unit));
      else out.append(unit);
    }
    return out.append('"').toString();
  }
  // [/verify]
}
