package dev.gatun.samples.text;

import java.io.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/// Tells on standard error how many texts are done.
interface Bar extends AutoCloseable {
  void step(int texts);

  @Override
  void close();

  /// Whether somebody sees standard error.
  static boolean isTerminal() {
    try {
      String to = Files.readSymbolicLink(Path.of("/proc/self/fd/2")).toString();
      return to.startsWith("/dev/pts/") || to.startsWith("/dev/tty");
    } catch (IOException | UnsupportedOperationException e) {
      // Systems without /proc, or without symbolic links (the second is what they throw then).
      return Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent();
    }
  }

  static Bar of(int texts) {
    return new Drawn(texts);
  }

  static Bar none() {
    return new Silent();
  }

  /// A bar.
  final class Drawn implements Bar {
    private static final int WIDTH = 100;
    private final ProgressBar bar;

    Drawn(int texts) {
      // A consumer of our own: the library's would ask for the terminal by native calls.
      this.bar =
          new ProgressBarBuilder()
              .setTaskName("embedding")
              .setInitialMax(texts)
              .setStyle(ProgressBarStyle.ASCII)
              .setUpdateIntervalMillis(250)
              .setConsumer(
                  new DelegatingProgressBarConsumer(s -> System.err.print("\r" + s), WIDTH))
              .build();
    }

    @Override
    public void step(int texts) {
      bar.stepBy(texts);
    }

    @Override
    public void close() {
      bar.close();
      System.err.println();
    }
  }

  /// Nothing.
  final class Silent implements Bar {
    @Override
    public void step(int texts) {}

    @Override
    public void close() {}
  }
}
