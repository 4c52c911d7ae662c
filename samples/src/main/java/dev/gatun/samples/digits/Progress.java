package dev.gatun.samples.digits;

import java.io.Console;
import java.util.Locale;
import java.util.Optional;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/// Told how training goes on.
interface Progress extends AutoCloseable {
  /// One step is done.
  void step();

  /// Pass number `epoch`, from 1, is done; `loss` is its mean.
  void epoch(int epoch, double loss);

  @Override
  void close();

  /// A bar on a terminal, a line per pass elsewhere, both on standard error.
  static Progress of(long steps) {
    boolean terminal =
        Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent();
    return terminal ? new Bar(steps) : new Lines();
  }

  /// Tells nobody.
  static Progress none() {
    return new Silent();
  }

  /// A bar.
  final class Bar implements Progress {
    private static final int WIDTH = 100;
    private final ProgressBar bar;

    Bar(long steps) {
      // A consumer of our own: the library's would ask for the terminal by native calls.
      this.bar =
          new ProgressBarBuilder()
              .setTaskName("training")
              .setInitialMax(steps)
              .setStyle(ProgressBarStyle.ASCII)
              .setUpdateIntervalMillis(250)
              .setConsumer(
                  new DelegatingProgressBarConsumer(s -> System.err.print("\r" + s), WIDTH))
              .build();
    }

    @Override
    public void step() {
      bar.step();
    }

    @Override
    public void epoch(int epoch, double loss) {
      bar.setExtraMessage(String.format(Locale.ROOT, "loss %.4f", loss));
    }

    @Override
    public void close() {
      bar.close();
      System.err.println();
    }
  }

  /// Lines.
  final class Lines implements Progress {
    @Override
    public void step() {}

    @Override
    public void epoch(int epoch, double loss) {
      System.err.printf(Locale.ROOT, "epoch %d: loss %.4f%n", epoch, loss);
    }

    @Override
    public void close() {}
  }

  /// Nothing.
  final class Silent implements Progress {
    @Override
    public void step() {}

    @Override
    public void epoch(int epoch, double loss) {}

    @Override
    public void close() {}
  }
}
