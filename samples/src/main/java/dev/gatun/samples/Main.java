package dev.gatun.samples;

import dev.gatun.samples.basecall.Basecall;
import dev.gatun.samples.conform.Conform;
import dev.gatun.samples.digits.TrainDigits;
import dev.gatun.samples.generate.Generate;
import dev.gatun.samples.lesson.Lesson;
import dev.gatun.samples.text.Embed;
import dev.gatun.samples.text.Search;
import dev.gatun.samples.vad.Vad;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/// The `gatun` command. It exits with 0 where all went well, 1 where the work failed and 2 where
/// the command line is wrong, then with one sentence on standard error.
@Command(
    name = "gatun",
    description = "A tensor engine for sequence models in plain Java.",
    subcommands = {
      Doctor.class,
      Search.class,
      Embed.class,
      Vad.class,
      Basecall.class,
      Generate.class,
      Conform.class,
      TrainDigits.class,
      Lesson.class,
      Version.class
    },
    mixinStandardHelpOptions = false)
public final class Main implements Runnable {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      scope = ScopeType.INHERIT,
      description = "Show this help.")
  @SuppressWarnings("UnusedVariable") // picocli acts on it
  private boolean help;

  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "Show the stack trace of a failure.")
  private boolean debug;

  Main() {}

  /// Runs the command and ends the process with its exit code.
  public static void main(String[] args) {
    System.exit(run(args));
  }

  /// Runs the command and returns its exit code.
  public static int run(String... args) {
    Main main = new Main();
    return new CommandLine(main)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setParameterExceptionHandler(Main::wrongUsage)
        .setExecutionExceptionHandler((e, command, result) -> main.failed(e, command))
        .execute(args);
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is needed");
  }

  private static int wrongUsage(ParameterException e, String[] args) {
    String name = e.getCommandLine().getCommandSpec().qualifiedName();
    System.err.printf("%s: %s; see %s --help%n", name, e.getMessage(), name);
    return CommandLine.ExitCode.USAGE;
  }

  private int failed(Exception e, CommandLine command) {
    String what = e.getMessage() == null ? e.toString() : e.getMessage();
    System.err.printf("%s: %s%n", command.getCommandSpec().qualifiedName(), what);
    if (debug) {
      e.printStackTrace();
    }
    return CommandLine.ExitCode.SOFTWARE;
  }
}
