"""What the lab's apt repositories carry: NVIDIA's and Ubuntu's packages by name, version and relations.

Names, versions, the rename at branch 590 and the files that detection reads follow NVIDIA's driver installation guide
(https://docs.nvidia.com/datacenter/tesla/driver-installation-guide/) and Ubuntu's restricted drivers
(https://documentation.ubuntu.com/server/how-to/graphics/install-nvidia-drivers/). Dependencies on libraries outside of
the drivers (X.Org, libc6) are left out, because a lab host has no route to them.
"""
