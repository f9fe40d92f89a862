# Who works for whom is told per thread; a library that reads what strangers send runs nothing.
abi <kernel>,

profile tenants {
  / r,
  /{usr,lib,lib64,bin,etc,proc,dev,sys,run,tmp}/{,**} rwkmix,
  @SERVICE@/{,**} r,
  @UPLOADS@/@{ctx.user}/** r,
  capability,
  network,
  unix,
  signal,

  package PyYAML {
    deny /** x,
    deny network,
  }
}
