package dev.gatun.samples;

import java.util.Optional;
import picocli.CommandLine.Command;

/// `gatun version`.
@Command(name = "version", description = "Show the versions of Gatun and of the JVM.")
final class Version implements Runnable {
  Version() {}

  /// The version of this build, where the jar says it.
  static String ofBuild() {
    return Optional.ofNullable(Version.class.getModule().getDescriptor())
        .flatMap(d -> d.rawVersion())
        .or(() -> Optional.ofNullable(Version.class.getPackage().getImplementationVersion()))
        .orElse("0.1.0-SNAPSHOT");
  }

  @Override
  public void run() {
    System.out.printf(
        "gatun %s on %s %s%n", ofBuild(), System.getProperty("java.vm.name"), Runtime.version());
  }
}
