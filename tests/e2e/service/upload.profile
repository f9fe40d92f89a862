# SPDX-License-Identifier: Apache-2.0
# The service of this directory, confined: gunicorn loads app.py, app.py starts ffmpeg. Each part has a profile of its
# own, and each may do less than the one before:
#
#   upload                    start-up: loads the code, reads config.ini with the secret, listens
#   upload//serving           from listen() on, workers included: takes clips, starts ffmpeg; config.ini is closed
#   upload//serving//ffmpeg   the converter: one clip in, one picture out, whatever a playlist may name
#
# Adapt: tunables/upload, which the demo makes; it says where the service is:  @{SERVICE} = /srv/upload

include <tunables/global>
include <tunables/upload>

profile upload {
  include <abstractions/base>
  include <abstractions/python>
  include <abstractions/ssl-certs>

  @{bin}/gunicorn r,
  @{SERVICE}/app/{,*.py} r,
  @{SERVICE}/app/config.ini r,
  @{SERVICE}/run/* rw,
  network inet stream,

  change_profile on listen -> upload//serving,

  profile serving {
    include <abstractions/base>
    include <abstractions/python>

    # No config.ini here: what is not allowed is denied.
    @{SERVICE}/app/{,*.py} r,
    @{SERVICE}/uploads/* rw,
    @{SERVICE}/converted/* r,
    # The workers' signs of life, and large uploads on their way.
    @{SERVICE}/tmp/{,*} rw,
    @{SERVICE}/run/* rw,
    network inet stream,

    @{bin}/ffmpeg Cx -> ffmpeg,

    profile ffmpeg {
      include <abstractions/ffmpeg>

      @{SERVICE}/uploads/* r,
      @{SERVICE}/converted/* w,
      # app.py ends one that takes too long.
      signal (receive) peer=upload//serving,
    }
  }
}
