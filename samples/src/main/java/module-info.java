/// The `gatun` command line and its lessons.
module dev.gatun.samples {
  requires dev.gatun.engine;
  requires dev.gatun.opencl;
  requires info.picocli;
  requires me.tongfei.progressbar;

  opens dev.gatun.samples to
      info.picocli;
}
