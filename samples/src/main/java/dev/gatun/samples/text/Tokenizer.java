package dev.gatun.samples.text;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.gatun.samples.cache.Cache;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/// Cuts texts into the tokens of a model, as its `tokenizer.json` says.
///
/// Its library has a native part, which is unpacked into the user's cache.
public final class Tokenizer implements AutoCloseable {
  /// The most tokens of a text where the file names no limit: what BERT models are trained for.
  private static final int MOST = 512;

  private static final Map<String, String> SETTINGS =
      Map.of(
          "ENGINE_CACHE_DIR", Cache.ofUser().folder().toString(),
          // Without these the library looks for CUDA variants and reports its use to its makers.
          "RUST_FLAVOR", "cpu",
          "ai.djl.offline", "true",
          "OPT_OUT_TRACKING", "true");

  private final HuggingFaceTokenizer tokenizer;

  /// A text as numbers.
  ///
  /// @param ids indices of its tokens
  /// @param types which part each token belongs to; all 0 here
  public record Tokens(long[] ids, long[] types) {
    /// Number of tokens.
    public int length() {
      return ids.length;
    }
  }

  private Tokenizer(HuggingFaceTokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /// Reads a `tokenizer.json`.
  ///
  /// @throws IOException if it is none, or the library does not run on this machine
  public static Tokenizer open(Path json) throws IOException {
    SETTINGS.forEach((name, value) -> System.setProperty(name, System.getProperty(name, value)));
    try {
      HuggingFaceTokenizer t = builder(json).build();
      if (t.getTruncation().equals("DO_NOT_TRUNCATE")) {
        t.close();
        t = builder(json).optTruncation(true).optMaxLength(MOST).build();
      }
      return new Tokenizer(t);
    } catch (RuntimeException | LinkageError e) {
      throw new IOException("%s is no tokenizer: %s".formatted(json, e.getMessage()), e);
    }
  }

  private static HuggingFaceTokenizer.Builder builder(Path json) {
    return HuggingFaceTokenizer.builder().optTokenizerPath(json).optPadding(false);
  }

  /// The most tokens that [#encode] gives.
  public int most() {
    return tokenizer.getMaxLength();
  }

  /// The tokens of `text` between the model's marks for start and end; what is too long is cut.
  public Tokens encode(String text) {
    Encoding e = tokenizer.encode(text);
    return new Tokens(e.getIds(), e.getTypeIds());
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
