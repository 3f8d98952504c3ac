package gateway

import (
	"context"
	"time"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"
)

// clean removes what has expired from the storage, once a day over all gateways that share
// it, until ctx ends.
func clean(ctx context.Context, storage certmagic.Storage, logger *zap.Logger) {
	for ctx.Err() == nil {
		err := certmagic.CleanStorage(ctx, storage, certmagic.CleanStorageOptions{
			Logger: logger, Interval: 24 * time.Hour, ExpiredCerts: true, ExpiredCertGracePeriod: keptExpired, OCSPStaples: true,
		})
		if err != nil && ctx.Err() == nil {
			logger.Warn("clean the storage of certificates", zap.Error(err))
		}
		sleep(ctx, 24*time.Hour)
	}
}
