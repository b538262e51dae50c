# Containers with GPUs: asked where NVIDIA's part of them is installed. Of a CDI specification the driver's version is read.
if [ -x /usr/bin/nvidia-container-runtime ] || [ -x /usr/bin/nvidia-ctk ] || [ -x /usr/bin/nvidia-container-runtime-hook ]; then
    for file in /usr/bin/dockerd /usr/local/bin/dockerd /snap/bin/docker; do [ ! -e "$file" ] || printf 'engine docker\n'; done
    [ ! -e /sys/fs/cgroup/cgroup.controllers ] || printf 'cgroup v2\n'
    texts container/runtime '-ecgroupdriver\|"default-runtime"\|"cdi"\|^[[:space:]]*mode[[:space:]]*=\|libcuda\.so\.[0-9]' \
        /etc/docker/daemon.json /etc/nvidia-container-runtime/config.toml /etc/cdi/*.yaml /etc/cdi/*.json \
        /var/run/cdi/*.yaml /var/run/cdi/*.json
else
    end container/runtime absent
fi
