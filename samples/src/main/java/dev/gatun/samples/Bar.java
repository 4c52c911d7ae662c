package dev.gatun.samples;

import java.io.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/// Tells on standard error how much of a task is done.
public interface Bar extends AutoCloseable {
  /// `count` more are done.
  void step(int count);

  /// Shows `text` beside the bar.
  void say(String text);

  @Override
  void close();

  /// Whether somebody sees standard error.
  static boolean isTerminal() {
    Path standardError = Path.of("/proc/self/fd/2");
    if (!Files.isSymbolicLink(standardError)) {
      // Systems without /proc, or without symbolic links.
      return Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent();
    }
    try {
      String to = Files.readSymbolicLink(standardError).toString();
      return to.startsWith("/dev/pts/") || to.startsWith("/dev/tty");
    } catch (IOException closed) {
      return false;
    }
  }

  /// A bar for `most` steps of `task`.
  static Bar of(String task, long most) {
    return new Drawn(task, most);
  }

  /// Tells nobody.
  static Bar none() {
    return new Silent();
  }

  /// A bar that is drawn.
  final class Drawn implements Bar {
    private static final int WIDTH = 100;
    private final ProgressBar bar;

    Drawn(String task, long most) {
      // A consumer of our own: the library's would ask for the terminal by native calls.
      this.bar =
          new ProgressBarBuilder()
              .setTaskName(task)
              .setInitialMax(most)
              .setStyle(ProgressBarStyle.ASCII)
              .setUpdateIntervalMillis(250)
              .setConsumer(
                  new DelegatingProgressBarConsumer(s -> System.err.print("\r" + s), WIDTH))
              .build();
    }

    @Override
    public void step(int count) {
      bar.stepBy(count);
    }

    @Override
    public void say(String text) {
      bar.setExtraMessage(text);
    }

    @Override
    public void close() {
      bar.close();
      System.err.println();
    }
  }

  /// Nothing.
  final class Silent implements Bar {
    Silent() {}

    @Override
    public void step(int count) {}

    @Override
    public void say(String text) {}

    @Override
    public void close() {}
  }
}
