texts cudnn/headers '-e#define CUDNN_[MP][A-Z]* [0-9]' /usr/include/cudnn_version.h /usr/include/*-linux-gnu/cudnn_version*.h \
    /usr/local/cuda-*/include/cudnn_version.h
for file in /usr/lib/*-linux-gnu/libcudnn.so.[0-9]*.[0-9]* /usr/local/cuda-*/lib64/libcudnn.so.[0-9]*.[0-9]* \
    /usr/local/cuda-*/targets/*/lib/libcudnn.so.[0-9]*.[0-9]*; do
    [ ! -e "$file" ] || printf '%s\n' "$file"
done
end cudnn/libraries 0
